/** Opens a study's pages to its members; anybody else learns nothing of it. */
import { ButtonLink } from "../display/links";
import { Stack, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Navigate, Outlet, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { Empty, Failure, Waiting } from "../display/Notice";
import { Outside } from "../display/Outside";
import { StudyZone } from "../display/When";
import { sessionQuery } from "../session/session";
import { Shell } from "../shell/Shell";
import { remember } from "./last";
import { studyDetailQuery, StudyProvider, studyFor } from "./study";

export function StudyGate() {
  const { study: code } = useParams({ from: "/studies/$study" });
  const { data: session } = useSuspenseQuery(sessionQuery);
  const known = session?.studies.find((study) => study.code === code);
  if (!session) return <Navigate to="/sign-in" search={{ from: here() }} replace />;
  if (!known) return <NotYours code={code} />;
  return <Open key={known.id} known={known} />;
}

/** The address, to come back to. */
export const here = () => window.location.pathname + window.location.search + window.location.hash;

function Open({ known }: { known: Parameters<typeof studyFor>[0] }) {
  const detail = useQuery(studyDetailQuery(known.id));
  useEffect(() => remember(known.code), [known.code]);
  if (detail.isPending) {
    return (
      <Stack component="main" p="xl" maw={1280} mx="auto">
        <Waiting rows={8} />
      </Stack>
    );
  }
  if (detail.isError && !detail.data) {
    return (
      <Outside>
        <Title order={1}>Metricis cannot show this study</Title>
        <Failure error={detail.error} onRetry={() => void detail.refetch()} />
      </Outside>
    );
  }
  return (
    <StudyProvider value={studyFor(known, detail.data)}>
      <StudyZone.Provider value={detail.data.time_zone ?? "UTC"}>
        <Shell>
          <Outlet />
        </Shell>
      </StudyZone.Provider>
    </StudyProvider>
  );
}

function NotYours({ code }: { code: string }) {
  return (
    <Outside>
      <Empty level={1} title={`No study ${code} for your account`}>
        Either it does not exist or you are not a member. An owner or admin of the study can add you.
      </Empty>
      <ButtonLink to="/" variant="default" w="fit-content">
        Go to your studies
      </ButtonLink>
    </Outside>
  );
}
