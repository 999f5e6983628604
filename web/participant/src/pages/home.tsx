/** What to do now; then what has become of what was done. */
import { useTranslation } from "react-i18next";
import { entriesOf } from "../outbox/outbox";
import { Banners } from "../parts/banners";
import { Consent } from "../parts/consent";
import { Notice } from "../parts/notice";
import { Results } from "../parts/results";
import { Answered, TaskCard, TaskRow } from "../parts/task-card";
import { agendaOf, type Task } from "../portal/agenda";
import { useNow } from "../portal/now";
import { useTasks } from "../portal/queries";
import { Unread } from "../portal/read";
import { useZone } from "../portal/zone";
import { useKept, useSession } from "../session/app";
import { dayOf } from "../words/dates";

export function Home() {
  const { t } = useTranslation();
  const { owner } = useSession();
  const tasks = useTasks();
  const entries = useKept(`entries ${owner}`, (device) => entriesOf(device, owner));
  const now = useNow(tasks.data?.ahead_ms);
  const agenda = tasks.data && entries && agendaOf(tasks.data.data.tasks, entries, now);
  return (
    <>
      <h1>{t("home.title")}</h1>
      <Banners tasks={tasks} />
      {tasks.isPending && <p class="loading">{t("app.loading")}</p>}
      {tasks.isError && <Unreadable tasks={tasks} />}
      {agenda && (agenda.next ? <Next task={agenda.next} now={now} /> : <Nothing opens={agenda.later[0]?.opens_at} />)}
      {agenda && <After tasks={agenda.after} now={now} />}
      {entries && <Results entries={entries} />}
      {agenda && <Answered tasks={agenda.answered} />}
      {agenda && <Later tasks={agenda.later} />}
    </>
  );
}

function Unreadable({ tasks }: { tasks: ReturnType<typeof useTasks> }) {
  const { t } = useTranslation();
  const reason = tasks.error instanceof Unread ? tasks.error.reason : null;
  return (
    <Notice kind="alert">
      <p>{reason ?? t("banner.unknown")}</p>
      <button type="button" class="small" onClick={() => void tasks.refetch()}>
        {t("app.again")}
      </button>
    </Notice>
  );
}

function Next({ task, now }: { task: Task; now: number }) {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="next">
      <h2 id="next">{t("home.next")}</h2>
      {task.kind === "consent" ? <Consent /> : <TaskCard task={task} now={now} first />}
    </section>
  );
}

function Nothing({ opens }: { opens: string | null | undefined }) {
  const { t, i18n } = useTranslation();
  const zone = useZone();
  const when = opens ? dayOf(new Date(opens), i18n.language, zone) : null;
  return (
    <section class="card quiet">
      <h2>{t("home.nothing")}</h2>
      <p>{when ? t("home.nothing_next", { when }) : t("home.nothing_at_all")}</p>
    </section>
  );
}

function After({ tasks, now }: { tasks: Task[]; now: number }) {
  const { t } = useTranslation();
  if (tasks.length === 0) return null;
  return (
    <section>
      <h2>{t("home.then")}</h2>
      <ul class="cards">
        {tasks.map((task) => (
          <li key={`${task.visit_id} ${task.task}`}>
            <TaskCard task={task} now={now} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Later({ tasks }: { tasks: Task[] }) {
  const { t } = useTranslation();
  if (tasks.length === 0) return null;
  return (
    <section>
      <h2>{t("home.later")}</h2>
      <ul class="rows">
        {tasks.map((task) => (
          <TaskRow key={`${task.visit_id} ${task.task}`} task={task} />
        ))}
      </ul>
    </section>
  );
}
