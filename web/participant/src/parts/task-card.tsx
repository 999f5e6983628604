/** One task: what it is, until when, and the one thing to do about it. */
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { isOpen, surveyState, type Task } from "../portal/agenda";
import { useZone } from "../portal/zone";
import { useKept, useSession } from "../session/app";
import { draftKey, readDraft } from "../task/draft";
import { wordsOf } from "../task/registry";
import { dayOf, lastDayBefore } from "../words/dates";
import { When } from "./when";

export function TaskCard({ task, now, first = false }: { task: Task; now: number; first?: boolean }) {
  const title = useTitle(task);
  const open = isOpen(task, now);
  return (
    <article class={`card ${first ? "first" : ""}`}>
      <h3>{title}</h3>
      {task.label && <p class="label">{task.label}</p>}
      <p class="hint">
        <Window task={task} open={open} />
      </p>
      {open && (task.kind === "survey" ? <Survey task={task} /> : <Assessment task={task} first={first} />)}
    </article>
  );
}

/** One that is not open yet. */
export function TaskRow({ task }: { task: Task }) {
  const title = useTitle(task);
  return (
    <li>
      <strong>{title}</strong>
      {task.label && <span class="label"> · {task.label}</span>}
      <p class="hint">
        <Window task={task} open={false} />
      </p>
    </li>
  );
}

function useTitle({ kind, task }: Pick<Task, "kind" | "task">): string {
  const { t } = useTranslation();
  if (kind === "survey") return t("task.survey", { name: task.replaceAll("_", " ") });
  return kind === "consent" ? t("task.consent") : taskName(t, task);
}

export function taskName(t: (key: string) => string, task: string): string {
  const words = wordsOf(task);
  return words ? t(`task.${words}`) : task.replaceAll("_", " ");
}

function Window({ task, open }: { task: Task; open: boolean }) {
  const { t, i18n } = useTranslation();
  const zone = useZone();
  const { opens_at, closes_at } = task;
  if (open && closes_at) {
    return <When at={closes_at} text={t("home.open_until", { when: lastDayBefore(closes_at, i18n.language, zone) })} />;
  }
  if (!open && opens_at) {
    return <When at={opens_at} text={t("home.opens", { when: dayOf(new Date(opens_at), i18n.language, zone) })} />;
  }
  return null;
}

function Assessment({ task, first }: { task: Task; first: boolean }) {
  const { t } = useTranslation();
  const { owner } = useSession();
  const place = { owner, task: task.task, visit_id: task.visit_id ?? null };
  const draft = useKept(`draft ${draftKey(place)}`, (device) => readDraft(device, place));
  const words = wordsOf(task.task);
  if (!words) return <p>{t("task.unknown", { name: task.task })}</p>;
  const begun = !!draft && draft.trials.length > 0;
  const to = `/task/${encodeURIComponent(task.task)}/${task.visit_id ?? "-"}${location.search}`;
  return (
    <>
      <p>{begun ? t("home.begun") : t(`task.${words}_why`)}</p>
      <Link href={to} className={first ? "button" : "button plain"}>
        {t(begun ? "home.continue" : "home.begin")}
      </Link>
    </>
  );
}

function Survey({ task }: { task: Task }) {
  const { t } = useTranslation();
  const state = surveyState(task);
  if (state !== "open") return <p>{t(`home.survey_${state}`)}</p>;
  return (
    <>
      <p>{t("home.survey_note")}</p>
      <a class="button" href={task.link ?? ""} target="_blank" rel="noopener noreferrer">
        {t("home.survey_open")}
      </a>
    </>
  );
}

/** Surveys that were answered, as REDCap says. */
export function Answered({ tasks }: { tasks: Task[] }) {
  const { t } = useTranslation();
  if (tasks.length === 0) return null;
  return (
    <section aria-labelledby="answered">
      <h2 id="answered">{t("home.answered")}</h2>
      <ul class="rows">
        {tasks.map((task) => (
          <AnsweredRow key={`${task.task} ${task.visit_id ?? ""}`} task={task} />
        ))}
      </ul>
    </section>
  );
}

function AnsweredRow({ task }: { task: Task }) {
  const { t } = useTranslation();
  const title = useTitle(task);
  return (
    <li>
      <strong>{title}</strong>
      {task.label && <span class="label"> · {task.label}</span>}
      <p class="hint">{t("home.survey_done")}</p>
    </li>
  );
}
