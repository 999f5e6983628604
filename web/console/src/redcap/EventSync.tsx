/** Reads REDCap's events into visit windows: all of them or none, and again as often as one likes. */
import { Button, Stack, Text } from "@mantine/core";
import { Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { useStudy } from "../study/study";
import { OutcomeShown } from "./OutcomeShown";
import { syncOutcome } from "./outcome";
import { type RedcapShown, useEventSync } from "./redcap";

export function EventSync({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const sync = useEventSync();
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
        {sync.data && !sync.isPending && <OutcomeShown outcome={syncOutcome(sync.data)} />}
        {!sync.data && !sync.error && redcap.redcap_record_field && (
          <Text size="sm" c="dimmed">
            Events have been read before: REDCap's record id field is {redcap.redcap_record_field}.
          </Text>
        )}
      </Stack>
    </Panel>
  );
}
