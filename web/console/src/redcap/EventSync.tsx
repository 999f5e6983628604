/** Reads REDCap's events into visit windows: all of them or none, and again as often as one likes. */
import { Button, Stack, Text } from "@mantine/core";
import { Callout, Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { useStudy } from "../study/study";
import { type Outcome, type RedcapShown, useCall } from "./redcap";

export function EventSync({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const sync = useCall("sync-events");
  return (
    <Panel
      id="event-sync"
      title="Event sync"
      about="Reads REDCap's events, their days and their instruments into visit windows. One bad event changes nothing; repeating it is safe."
      actions={
        study.mayAdminister && (
          <Button variant="default" loading={sync.isPending} disabled={!redcap.has_token} onClick={() => sync.mutate()}>
            Sync events from REDCap
          </Button>
        )
      }
    >
      <Stack gap="sm">
        {!redcap.has_token && (
          <Text size="sm" c="dimmed">
            Save a connection first.
          </Text>
        )}
        {sync.error && <Failure error={sync.error} />}
        {sync.data && !sync.isPending && <Synced outcome={sync.data} />}
        {!sync.data && !sync.error && redcap.redcap_record_field && (
          <Text size="sm" c="dimmed">
            Events have been read before: REDCap's record id field is {redcap.redcap_record_field}.
          </Text>
        )}
      </Stack>
    </Panel>
  );
}

function Synced({ outcome }: { outcome: Outcome }) {
  if (!outcome.success) {
    return (
      <Callout tone="bad">
        <Text fw={600}>Nothing was changed</Text>
        <Text size="sm">{outcome.error ?? "REDCap gave no reason."}</Text>
      </Callout>
    );
  }
  const count = (member: string) => Number(outcome[member] ?? 0);
  const unscheduled = Array.isArray(outcome["unscheduled"]) ? outcome["unscheduled"] : [];
  return (
    <Callout tone="good">
      <Text fw={600}>
        {count("created")} created, {count("updated")} updated, {count("retired")} retired
      </Text>
      {unscheduled.length > 0 && (
        <Text size="sm">Without a day in REDCap, so without a window: {unscheduled.map(String).join(", ")}.</Text>
      )}
    </Callout>
  );
}
