/** Where the console begins: the study looked at last, else the first one, else what to do without any. */
import { Button, Stack } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Navigate } from "@tanstack/react-router";
import { Empty } from "../display/Notice";
import { sessionQuery } from "../session/session";
import { useSignOut } from "../session/useSignOut";
import { remembered } from "./last";

export function Home() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const leave = useSignOut();
  if (!session) return <Navigate to="/sign-in" search={{}} replace />;
  const last = remembered();
  const study = session.studies.find(({ code }) => code === last) ?? session.studies[0];
  if (study) return <Navigate to="/studies/$study/today" params={{ study: study.code }} replace />;
  return (
    <Stack component="main" p="xl" maw={720} mx="auto">
      <Empty level={1} title="You are not a member of any study yet">
        Ask an owner or admin of your study to add {session.email}, then load this page again.
      </Empty>
      <Button variant="default" w="fit-content" loading={leave.isPending} onClick={() => leave.mutate()}>
        Sign out
      </Button>
    </Stack>
  );
}
