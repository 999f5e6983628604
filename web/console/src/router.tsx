/** The addresses of the console. Every page of a study loads by itself; the first load holds only the frame. */
import { ButtonLink } from "./display/links";
import { Stack, Title } from "@mantine/core";
import {
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  useRouter,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { onSignedOut } from "./api/client";
import { queryClient } from "./api/query";
import { Outside } from "./display/Outside";
import { askAgain, page } from "./display/lazy";
import { Empty, Failure, Waiting } from "./display/Notice";
import type { SignedIn } from "./api/shown";
import { sessionOver } from "./session/over";
import { readAgain, sessionQuery } from "./session/session";
import { backTo, SignIn } from "./session/SignIn";
import { onOtherTab } from "./session/trace";
import { Home } from "./study/Home";
import { useStudyIfAny } from "./study/study";
import { here, StudyGate } from "./study/StudyGate";
import { auditSearch, eventSearch, flagSearch, listSearch, participantSearch, text } from "./search";

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <Outside>
      <Empty level={1} title="There is no such page">
        The address may be mistyped, or the page has moved.
      </Empty>
      <ButtonLink to="/" variant="default" w="fit-content">
        Go to today
      </ButtonLink>
    </Outside>
  ),
});

const signInRoute = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (given: Record<string, unknown>) => text(given, ["from"]),
  component: SignIn,
});

const home = createRoute({ getParentRoute: () => root, path: "/", loader: session, component: Home });

const study = createRoute({
  getParentRoute: () => root,
  path: "/studies/$study",
  loader: session,
  component: StudyGate,
});

function session() {
  return queryClient.ensureQueryData(sessionQuery);
}

const today = createRoute({
  getParentRoute: () => study,
  path: "/today",
  component: page(() => import("./today/Today").then((module) => module.Today)),
});

const participants = createRoute({
  getParentRoute: () => study,
  path: "/participants",
  validateSearch: listSearch,
  component: page(() => import("./participants/Participants").then((module) => module.Participants)),
});

const participant = createRoute({
  getParentRoute: () => study,
  path: "/participants/$participant",
  validateSearch: participantSearch,
  component: page(() => import("./participant/Participant").then((module) => module.Participant)),
});

const matrix = createRoute({
  getParentRoute: () => study,
  path: "/matrix",
  validateSearch: listSearch,
  component: page(() => import("./participants/MatrixPage").then((module) => module.MatrixPage)),
});

const events = createRoute({
  getParentRoute: () => study,
  path: "/events",
  validateSearch: eventSearch,
  component: page(() => import("./events/Events").then((module) => module.Events)),
});

const flags = createRoute({
  getParentRoute: () => study,
  path: "/flags",
  validateSearch: flagSearch,
  component: page(() => import("./flags/Flags").then((module) => module.Flags)),
});

const failedSyncs = createRoute({
  getParentRoute: () => study,
  path: "/failed-syncs",
  component: page(() => import("./syncs/FailedSyncs").then((module) => module.FailedSyncs)),
});

const redcap = createRoute({
  getParentRoute: () => study,
  path: "/redcap",
  component: page(() => import("./redcap/Redcap").then((module) => module.Redcap)),
});

const project = createRoute({
  getParentRoute: () => study,
  path: "/redcap-project",
  component: page(() => import("./project/Project").then((module) => module.Project)),
});

const board = createRoute({
  getParentRoute: () => study,
  path: "/board",
  component: page(() => import("./board/Board").then((module) => module.Board)),
});

const audit = createRoute({
  getParentRoute: () => study,
  path: "/audit",
  validateSearch: auditSearch,
  component: page(() => import("./audit/Audit").then((module) => module.Audit)),
});

/** A page that cannot begin, for example because the server is away; trying again reads everything again. */
function Broken({ error }: ErrorComponentProps) {
  const { invalidate } = useRouter();
  const inside = useStudyIfAny() !== null;
  const again = () => {
    askAgain();
    void invalidate();
  };
  const said = (
    <>
      <Title order={1}>Metricis cannot show this page</Title>
      <Failure error={error} onRetry={again} />
    </>
  );
  return inside ? <Stack maw={720}>{said}</Stack> : <Outside>{said}</Outside>;
}

const pages = [
  today,
  participants,
  participant,
  matrix,
  events,
  flags,
  failedSyncs,
  redcap,
  project,
  board,
  audit,
] as const;

export const router = createRouter({
  routeTree: root.addChildren([signInRoute, home, study.addChildren(pages)]),
  basepath: "/console",
  defaultPreload: "intent",
  defaultPendingComponent: () => <Waiting rows={8} />,
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});

const atSignIn = () => router.state.location.pathname.endsWith("/sign-in");

function leave(): void {
  const place = { pathname: router.state.location.pathname, here: here() };
  sessionOver(place, (from) => void router.navigate({ to: "/sign-in", search: { from } }));
}

onSignedOut(leave);

// All tabs have one cookie: whoever signs in or out in one of them does so in all.
onOtherTab(() => {
  const before = queryClient.getQueryData<SignedIn | null>(sessionQuery.queryKey);
  void readAgain().then((now) => {
    if (!now) return leave();
    if (atSignIn()) return router.history.push(backTo(router.state.location.search));
    // Somebody else sees other studies: nothing that the former one could see stays.
    if (now.email !== before?.email) window.location.reload();
  });
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
