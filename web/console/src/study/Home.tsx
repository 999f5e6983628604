/** Where the console begins: the study looked at last, else the first one, else what to do without any. */
import { Button } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { Empty } from "../display/Notice";
import { Outside } from "../display/Outside";
import { forget, sessionQuery, signOut } from "../session/session";
import { remembered } from "./last";

export function Home() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (!session) return <Navigate to="/sign-in" search={{}} replace />;
  const last = remembered();
  const study = session.studies.find(({ code }) => code === last) ?? session.studies[0];
  if (study) return <Navigate to="/studies/$study/today" params={{ study: study.code }} replace />;
  return (
    <Outside>
      <Empty level={1} title="You are not a member of any study yet">
        Ask an owner or admin of your study to add {session.email}, then load this page again.
      </Empty>
      <Button variant="default" w="fit-content" onClick={() => void signOut().then(forget)}>
        Sign out
      </Button>
    </Outside>
  );
}
