/** One participant: what was planned, what happened, whether it reached REDCap, and who did what. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Refusal } from "../api/refusal";
import { AnchorLink } from "../display/links";
import { Empty, Failure, Waiting } from "../display/Notice";
import { Page, Panel } from "../display/Page";
import { Status, words } from "../display/Status";
import { Day, When } from "../display/When";
import { ParticipantFlags } from "../flags/ParticipantFlags";
import { dashboardQuery, type StudyDetail, useStudy } from "../study/study";
import { Actions } from "./Actions";
import { AuditExcerpt } from "./AuditExcerpt";
import classes from "./Participant.module.css";
import { type Detail, flagWords, participantQuery, sitesQuery } from "./participant";
import { NO_RECORD, recordOf } from "./record";
import { Sessions } from "./Sessions";
import { Timeline } from "./Timeline";
import { Visits } from "./Visits";

export function Participant() {
  const study = useStudy();
  const { participant: id } = useParams({ from: "/studies/$study/participants/$participant" });
  const asked = useQuery(participantQuery(study.id, id));
  const day = useQuery(dashboardQuery(study.id));
  if (asked.isPending || day.isPending) {
    return (
      <Page title="Participant">
        <Waiting rows={10} />
      </Page>
    );
  }
  if (asked.error instanceof Refusal && asked.error.status === 404) return <Unknown />;
  if (!asked.data || !day.data) {
    return (
      <Page title="Participant">
        <Failure error={asked.error ?? day.error} onRetry={() => void Promise.all([asked.refetch(), day.refetch()])} />
      </Page>
    );
  }
  const detail = asked.data;
  const { today } = day.data;
  return (
    <Page
      title={detail.participant.participant_code}
      heading={
        <Group gap="sm" component="span">
          {detail.participant.participant_code}
          <Status of={detail.participant.status} />
        </Group>
      }
      actions={<Actions detail={detail} />}
    >
      <ParticipantFlags participant={detail.participant.id} />
      <Facts detail={detail} />
      <Panel
        title="Timeline"
        about="Each version of the schedule with its windows and targets; choose a visit to find it below."
      >
        <Timeline detail={detail} today={today} />
      </Panel>
      <Panel title="Visits">
        <Visits detail={detail} />
      </Panel>
      <Panel title="Results" about="Newest first. A result is complete here; REDCap has it when its state says synced.">
        <Sessions detail={detail} />
      </Panel>
      <Panel title="Latest in the audit log">
        <AuditExcerpt participant={detail.participant.id} code={detail.participant.participant_code} />
      </Panel>
    </Page>
  );
}

function Unknown() {
  const study = useStudy();
  return (
    <Page title="Participant">
      <Empty level={2} title={`${study.code} has no such participant`}>
        The address may be mistyped, or it belongs to another study.{" "}
        <AnchorLink size="sm" underline="always" to="/studies/$study/participants" params={{ study: study.code }}>
          Find the participant in the list
        </AnchorLink>
      </Empty>
    </Page>
  );
}

function Facts({ detail }: { detail: Detail }) {
  const study = useStudy();
  const { data } = useQuery(sitesQuery(study.id));
  const { participant, consent, redcap_record_url: url } = detail;
  const site = data?.sites.find(({ id }) => id === participant.site_id);
  const { review } = participant;
  const record = recordOf(participant);
  return (
    <Stack gap="sm">
      {review && (
        <Text size="sm" className={classes["review"]}>
          To review: {flagWords(review)}.
        </Text>
      )}
      <dl className={classes["facts"]}>
        <Fact name="REDCap record">
          {url && record !== null ? (
            <Anchor href={url} target="_blank" rel="noreferrer" size="sm">
              {record} <IconExternalLink size={13} aria-label="opens REDCap in a new tab" />
            </Anchor>
          ) : (
            (record ?? NO_RECORD)
          )}
        </Fact>
        <Fact name="Enrolled">
          <Day on={participant.enrollment_date} />
        </Fact>
        <Fact name="Site">{participant.site_id ? (site ? `${site.code} · ${site.name}` : "…") : "None"}</Fact>
        <Fact name="Arm">{participant.arm_num}</Fact>
        <Fact name="Consent">
          {consent ? (
            <>
              {consent.mode}, <When at={consent.given_at} />
            </>
          ) : (
            consentWords(study.detail.constraints)
          )}
        </Fact>
        <Fact name="Time zone">{participant.time_zone}</Fact>
      </dl>
    </Stack>
  );
}

/** What it means that no consent is recorded, by the study's mode. */
function consentWords({ consent_mode: mode }: StudyDetail["constraints"]): string {
  return mode === "implied" || mode === "waived"
    ? `${words(mode)} by the study`
    : `None yet (${mode ?? "the study has not chosen how consent is given"})`;
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
