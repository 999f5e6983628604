/** What to do now; then what has become of what was done. */
import { useTranslation } from "react-i18next";
import { entriesOf } from "../outbox/outbox";
import { Banners } from "../parts/banners";
import { Consent } from "../parts/consent";
import { Notice } from "../parts/notice";
import { Results } from "../parts/results";
import { TaskCard } from "../parts/task-card";
import { agendaOf, type Task } from "../portal/agenda";
import { useNow } from "../portal/now";
import { useTasks } from "../portal/queries";
import { useZone } from "../portal/zone";
import { useKept, useSession } from "../session/app";
import { dayOf } from "../words/dates";

export function Home() {
  const { t } = useTranslation();
  const { owner } = useSession();
  const tasks = useTasks();
  const entries = useKept(`entries ${owner}`, (device) => entriesOf(device, owner));
  return (
    <>
      <h1>{t("home.title")}</h1>
      <Banners tasks={tasks} />
      {tasks.data && entries && <Agenda tasks={tasks.data.data.tasks} entries={entries} />}
      {tasks.isPending && <p class="loading">{t("app.loading")}</p>}
      {tasks.isError && (
        <Notice kind="alert">
          <p>{t("banner.unknown")}</p>
          <button type="button" class="small" onClick={() => void tasks.refetch()}>
            {t("app.again")}
          </button>
        </Notice>
      )}
      {entries && <Results entries={entries} />}
    </>
  );
}

function Agenda({ tasks, entries }: { tasks: Task[]; entries: Parameters<typeof agendaOf>[1] }) {
  const { t } = useTranslation();
  const { next, after, later } = agendaOf(tasks, entries, useNow());
  return (
    <>
      {next ? <Next task={next} /> : <Nothing opens={later[0]?.opens_at} />}
      <List title={t("home.then")} tasks={after} />
      <List title={t("home.later")} tasks={later} />
    </>
  );
}

function Next({ task }: { task: Task }) {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="next">
      <h2 id="next">{t("home.next")}</h2>
      {task.kind === "consent" ? <Consent /> : <TaskCard task={task} first />}
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

function List({ title, tasks }: { title: string; tasks: Task[] }) {
  if (tasks.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="cards">
        {tasks.map((task) => (
          <li key={`${task.visit_id} ${task.task}`}>
            <TaskCard task={task} />
          </li>
        ))}
      </ul>
    </section>
  );
}
