/** The study's link to REDCap: connection, webhook, events, mappings and groups. Only its owners and admins change it. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { ButtonLink } from "../display/links";
import { Callout, Failure, Waiting } from "../display/Notice";
import { Page, Panel } from "../display/Page";
import { Status } from "../display/Status";
import { dashboardQuery, useStudy } from "../study/study";
import { ResetBreaker } from "../today/ResetBreaker";
import { BreakerWords } from "../today/Tiles";
import { Connection } from "./Connection";
import { Enrollment } from "./Enrollment";
import { EventSync } from "./EventSync";
import { Reconcile } from "./Reconcile";
import { redcapQuery } from "./redcap";
import { ResultMapping } from "./ResultMapping";
import { Sites } from "./Sites";
import { SurveyLinks } from "./SurveyLinks";
import { Webhook } from "./Webhook";

const PARTS = [
  ["connection", "Connection"],
  ["webhook", "Webhook"],
  ["event-sync", "Event sync"],
  ["survey-links", "Survey links"],
  ["reconcile", "Reconcile"],
  ["enrollment", "Enrollment fields"],
  ["results", "Result fields"],
  ["sites", "Groups and sites"],
] as const;

export function Redcap() {
  const study = useStudy();
  const asked = useQuery(redcapQuery(study.id));
  return (
    <Page
      title="REDCap"
      about={
        <Group gap="4px 16px" component="nav" aria-label="Parts of this page">
          {PARTS.map(([id, name]) => (
            <Anchor key={id} size="sm" href={`#${id}`}>
              {name}
            </Anchor>
          ))}
          {study.mayAdminister && (
            <Anchor size="sm" href="#project">
              Change the project
            </Anchor>
          )}
        </Group>
      }
    >
      {!study.mayAdminister && (
        <Callout tone="info">
          <Text size="sm">
            You can read this page. Changing it needs the role owner or admin on this study; yours is {study.role}.
            {study.mayCoordinate && " A reconcile you may order."}
          </Text>
        </Callout>
      )}
      <BreakerLine />
      {asked.isPending && <Waiting rows={10} />}
      {asked.isError && <Failure error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data && (
        <Stack gap="lg">
          <Connection redcap={asked.data} />
          <Webhook redcap={asked.data} />
          <EventSync redcap={asked.data} />
          <SurveyLinks redcap={asked.data} />
          <Reconcile redcap={asked.data} />
          <Enrollment redcap={asked.data} />
          <ResultMapping redcap={asked.data} />
          <Sites />
          {study.mayAdminister && <ToProject />}
        </Stack>
      )}
    </Page>
  );
}

function ToProject() {
  const study = useStudy();
  return (
    <Panel
      id="project"
      title="Change the project"
      about="Import participants, push a data dictionary, set up an empty project, delete an instrument. Each is previewed before anything is changed."
    >
      <ButtonLink variant="default" to="/studies/$study/redcap-project" params={{ study: study.code }}>
        Open the REDCap project
      </ButtonLink>
    </Panel>
  );
}

function BreakerLine() {
  const study = useStudy();
  const { data } = useQuery(dashboardQuery(study.id));
  if (!data) return null;
  const breaker = data.breaker;
  return (
    <Group gap="sm">
      <Text size="sm" fw={600}>
        Circuit breaker
      </Text>
      <Status of={breaker.state} />
      <Text size="sm" c="dimmed" component="div">
        <BreakerWords breaker={breaker} enabled={data.breaker_enabled} />
      </Text>
      {breaker.state !== "closed" && study.mayAdminister && <ResetBreaker />}
    </Group>
  );
}
