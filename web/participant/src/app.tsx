/** Which page: without a session the way in, with one the rest. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { Link, Route, Router, Switch, useRoute } from "wouter";
import { Enter } from "./pages/enter";
import { Home } from "./pages/home";
import { Gone, Leave } from "./pages/leave";
import { SchedulePage } from "./pages/schedule";
import { TaskPage } from "./pages/task";
import { Layout } from "./parts/layout";
import { useSchedule } from "./portal/queries";
import { ZoneContext } from "./portal/zone";
import { SessionContext, useCurrentSession } from "./session/app";

export function Pages() {
  return (
    <Router base="/app">
      <Inside />
    </Router>
  );
}

function Inside() {
  const session = useCurrentSession();
  const [gone, setGone] = useState(false);
  const [entering] = useRoute("/enter");
  // A session that ends in the middle of a task does not take the task away; its result waits for the next link.
  const [tasking] = useRoute("/task/:task/:visit");
  if (gone) return within(<Gone />);
  if (session === undefined) return within(null);
  if (entering || !session || (session.over && !tasking)) return within(<Enter />);
  return (
    <SessionContext.Provider value={session} key={session.owner}>
      <Zone>
        <Entered left={() => setGone(true)} />
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

function Entered({ left }: { left: () => void }) {
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

/** Storage that is blocked, above all; said in the language of the page. */
export function Fault() {
  const { t } = useTranslation();
  return (
    <Layout nav={false}>
      <h1>{t("app.fault")}</h1>
      <p>{t("app.fault_why")}</p>
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
