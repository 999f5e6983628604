/** The addresses of the console. Every page of a study loads by itself; the first load holds only the frame. */
import { ButtonLink } from "./display/links";
import { Stack, Title } from "@mantine/core";
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  useRouter,
  type ErrorComponentProps,
} from "@tanstack/react-router";
import { onSignedOut } from "./api/client";
import { queryClient } from "./api/query";
import { Empty, Failure, Waiting } from "./display/Notice";
import { forget, sessionQuery } from "./session/session";
import { SignIn } from "./session/SignIn";
import { Home } from "./study/Home";
import { here, StudyGate } from "./study/StudyGate";
import { auditSearch, eventSearch, listSearch, participantSearch, text } from "./search";

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <Stack component="main" p="xl" maw={720} mx="auto">
      <Empty level={1} title="There is no such page">
        The address may be mistyped, or the page has moved.
      </Empty>
      <ButtonLink to="/" variant="default" w="fit-content">
        Go to today
      </ButtonLink>
    </Stack>
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
  component: lazyRouteComponent(() => import("./today/Today"), "Today"),
});

const participants = createRoute({
  getParentRoute: () => study,
  path: "/participants",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./participants/Participants"), "Participants"),
});

const participant = createRoute({
  getParentRoute: () => study,
  path: "/participants/$participant",
  validateSearch: participantSearch,
  component: lazyRouteComponent(() => import("./participant/Participant"), "Participant"),
});

const matrix = createRoute({
  getParentRoute: () => study,
  path: "/matrix",
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import("./participants/MatrixPage"), "MatrixPage"),
});

const events = createRoute({
  getParentRoute: () => study,
  path: "/events",
  validateSearch: eventSearch,
  component: lazyRouteComponent(() => import("./events/Events"), "Events"),
});

const failedSyncs = createRoute({
  getParentRoute: () => study,
  path: "/failed-syncs",
  component: lazyRouteComponent(() => import("./syncs/FailedSyncs"), "FailedSyncs"),
});

const redcap = createRoute({
  getParentRoute: () => study,
  path: "/redcap",
  component: lazyRouteComponent(() => import("./redcap/Redcap"), "Redcap"),
});

const board = createRoute({
  getParentRoute: () => study,
  path: "/board",
  component: lazyRouteComponent(() => import("./board/Board"), "Board"),
});

const audit = createRoute({
  getParentRoute: () => study,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./audit/Audit"), "Audit"),
});

/** A page that cannot begin, for example because the server is away; trying again reads everything again. */
function Broken({ error }: ErrorComponentProps) {
  const { invalidate } = useRouter();
  return (
    <Stack component="main" p="xl" maw={720} mx="auto">
      <Title order={1}>Metricis cannot show this page</Title>
      <Failure error={error} onRetry={() => void invalidate()} />
    </Stack>
  );
}

const pages = [today, participants, participant, matrix, events, failedSyncs, redcap, board, audit] as const;

export const router = createRouter({
  routeTree: root.addChildren([signInRoute, home, study.addChildren(pages)]),
  basepath: "/console",
  defaultPreload: "intent",
  defaultPendingComponent: () => <Waiting rows={8} />,
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});

onSignedOut(() => {
  if (router.state.location.pathname.endsWith("/sign-in")) return;
  const from = here();
  forget();
  void router.navigate({ to: "/sign-in", search: { from } });
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
