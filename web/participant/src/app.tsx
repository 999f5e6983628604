/** Which page: without a session the way in, with one the rest. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { Link, Route, Router, Switch, useRoute } from "wouter";
import { Enter } from "./pages/enter";
import { Gone } from "./pages/gone";
import { Home } from "./pages/home";
import { Leave } from "./pages/leave";
import { SchedulePage } from "./pages/schedule";
import { later } from "./parts/later";
import { Layout } from "./parts/layout";
import { useSchedule } from "./portal/queries";
import { ZoneContext } from "./portal/zone";
import { SessionContext, useCurrentSession } from "./session/app";
import type { Farewell } from "./session/leave";

const TaskPage = later(() => import("./pages/task").then((page) => page.TaskPage));

export function Pages() {
  return (
    <Router base="/app">
      <Inside />
    </Router>
  );
}

function Inside() {
  const session = useCurrentSession();
  const [gone, setGone] = useState<Farewell | null>(null);
  const [entering] = useRoute("/enter");
  // A session that ends in the middle of a task does not take the task away; its result waits for the next link.
  const [tasking] = useRoute("/task/:task/:visit");
  if (gone) return within(<Gone farewell={gone} />);
  if (session === undefined) return within(null);
  if (entering || !session || (session.over && !tasking)) return within(<Enter />);
  return (
    <SessionContext.Provider value={session} key={session.owner}>
      <Zone>
        <Entered left={setGone} />
      </Zone>
    </SessionContext.Provider>
  );
}

function within(page: ComponentChildren) {
  return <Layout nav={false}>{page}</Layout>;
}

function Zone({ children }: { children: ComponentChildren }) {
  const zone = useSchedule().data?.data.time_zone;
  return <ZoneContext.Provider value={zone}>{children}</ZoneContext.Provider>;
}

function Entered({ left }: { left: (farewell: Farewell) => void }) {
  return (
    <Switch>
      <Route path="/task/:task/:visit">
        {({ task, visit }) => (
          <Layout nav={false}>
            <TaskPage task={decodeURIComponent(task)} visit_id={visit === "-" ? null : visit} />
          </Layout>
        )}
      </Route>
      <Route>
        <Layout nav>
          <Switch>
            <Route path="/">
              <Home />
            </Route>
            <Route path="/schedule">
              <SchedulePage />
            </Route>
            <Route path="/leave">
              <Leave left={left} />
            </Route>
            <Route>
              <NotFound />
            </Route>
          </Switch>
        </Layout>
      </Route>
    </Switch>
  );
}

/** Instead of the pages, in the language of the page: `blocked` is storage that the browser refuses. */
export function Fault({ kind }: { kind: "fault" | "blocked" }) {
  const { t } = useTranslation();
  return (
    <Layout nav={false}>
      <h1>{t(`app.${kind}`)}</h1>
      <p>{t(`app.${kind}_why`)}</p>
    </Layout>
  );
}

function NotFound() {
  const { t } = useTranslation();
  return (
    <section>
      <h1>{t("app.not_found")}</h1>
      <p>{t("app.not_found_why")}</p>
      <Link href="/" className="button plain">
        {t("app.back")}
      </Link>
    </section>
  );
}
