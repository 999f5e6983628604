/** A task from its beginning to "saved on this device". */
import { useEffect } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Notice } from "../parts/notice";
import { Result } from "../parts/results";
import { useMoment } from "../parts/when";
import { isOpen } from "../portal/agenda";
import { useNow } from "../portal/now";
import { useDataStatus, useTasks } from "../portal/queries";
import { useKept } from "../session/app";
import type { Draft } from "../task/draft";
import { isKnown } from "../task/registry";
import type { PlayerState } from "../task/player";
import { usePlayer } from "../task/use-player";

export interface Chosen {
  task: string;
  visit_id: string | null;
}

export function TaskPage({ task, visit_id }: Chosen) {
  const { t } = useTranslation();
  const tasks = useTasks();
  const now = useNow(tasks.data?.ahead_ms);
  if (tasks.isPending) return <p class="loading">{t("app.loading")}</p>;
  if (tasks.isError) return <Unread />;
  const found = tasks.data?.data.tasks.find((one) => one.task === task && (one.visit_id ?? null) === visit_id);
  // Read once more while it is played, the list may say that it is done; what has begun goes on.
  return (
    <Player
      task={task}
      visit_id={visit_id}
      label={found?.label ?? null}
      open={!!found && !found.done && isOpen(found, now) && isKnown(task)}
    />
  );
}

function Player(props: Chosen & { label: string | null; open: boolean }) {
  const { t } = useTranslation();
  const { state, draft, host, reason, again, begin, resume } = usePlayer(props);
  // What had the focus is gone with the task; reading goes on at the new page's beginning.
  useEffect(() => {
    if (state !== "playing" && state !== "looking") document.getElementById("content")?.focus();
  }, [state]);
  return (
    <>
      <div ref={host} class="player" hidden={state !== "playing"} />
      {state === "looking" && <p class="loading">{t("app.loading")}</p>}
      {state === "interrupted" && draft && <Interrupted draft={draft} begin={begin} resume={resume} />}
      {state === "held" && <Held reason={reason} again={again} />}
      {state === "done" && draft && <Done draft={draft} />}
      {state === "delivered" && <Delivered />}
      {isRefusal(state) && <Refusal state={state} />}
    </>
  );
}

const REFUSALS = ["absent", "elsewhere", "gone", "unloaded", "unkept"] as const;
type Refused = (typeof REFUSALS)[number];

function isRefusal(state: PlayerState): state is Refused {
  return (REFUSALS as readonly PlayerState[]).includes(state);
}

function Refusal({ state }: { state: Refused }) {
  const { t } = useTranslation();
  return (
    <section>
      <h1>{t(`task.${state}`)}</h1>
      <Notice kind="warning">{t(`task.${state}_why`)}</Notice>
      <div class="choices">
        {state !== "absent" && state !== "gone" && (
          <button type="button" onClick={() => location.reload()}>
            {t("app.again")}
          </button>
        )}
        <Back />
      </div>
    </section>
  );
}

/** Complete, and nowhere but in this page: there is no way out of it but one that keeps the result. */
function Held({ reason, again }: { reason: string | null; again: () => void }) {
  const { t } = useTranslation();
  return (
    <section>
      <h1>{t("task.held")}</h1>
      <Notice kind="alert">
        <p>{t("task.held_why")}</p>
        {reason && <p>{reason}</p>}
      </Notice>
      <div class="choices">
        <button type="button" onClick={again}>
          {t("app.again")}
        </button>
      </div>
    </section>
  );
}

function Delivered() {
  const { t } = useTranslation();
  return (
    <section>
      <h1>{t("task.done")}</h1>
      <p>{t("task.delivered_why")}</p>
      <Back />
    </section>
  );
}

function Interrupted({ draft, begin, resume }: { draft: Draft; begin: () => void; resume: () => void }) {
  const { t } = useTranslation();
  const moment = useMoment();
  return (
    <section>
      <h1>{t("task.interrupted")}</h1>
      <p>{t("task.interrupted_why", { when: moment(draft.saved_at) })}</p>
      <div class="choices">
        <button type="button" onClick={resume}>
          {t("home.continue")}
        </button>
        <button type="button" class="plain" onClick={begin}>
          {t("task.restart")}
        </button>
      </div>
      <p class="hint">{t("task.restart_note")}</p>
    </section>
  );
}

const AFTERWARDS = { saved: "task.done_why", sent: "task.done_sent", refused: "task.done_refused" } as const;

function Done({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  // Goes on telling how far the result has come.
  useDataStatus();
  const entry = useKept(
    `entry ${draft.submission_key}`,
    async (device) => (await device.get("outbox", draft.submission_key)) ?? null,
  );
  return (
    <section>
      <h1>{t("task.done")}</h1>
      <p>{t(AFTERWARDS[entry?.state ?? "saved"])}</p>
      <ul class="results">{entry && <Result entry={entry} />}</ul>
      <Back />
    </section>
  );
}

function Unread() {
  const { t } = useTranslation();
  return (
    <section>
      <h1>{t("app.fault")}</h1>
      <Notice kind="alert">{t("banner.unknown")}</Notice>
      <Back />
    </section>
  );
}

function Back() {
  const { t } = useTranslation();
  return (
    <Link href="/" className="button plain">
      {t("app.back")}
    </Link>
  );
}
