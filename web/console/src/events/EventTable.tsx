/** Events as a table; a row opens beside the list, and a replay is ordered where it is needed. */
import { Anchor, Button, Table, Text } from "@mantine/core";
import { Wide } from "../display/Page";
import { Status } from "../display/Status";
import { When } from "../display/When";
import { useStudy } from "../study/study";
import { type Event, failureWords, useReplay } from "./events";

interface Props {
  events: Event[];
  stuck: ReadonlySet<string>;
  onOpen: (event: string) => void;
}

export function EventTable({ events, stuck, onOpen }: Props) {
  const study = useStudy();
  const replay = useReplay();
  return (
    <Wide label="Events" stacks>
      <Table verticalSpacing={6} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Received</Table.Th>
            <Table.Th>Record</Table.Th>
            <Table.Th>Instrument</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>What came of it</Table.Th>
            {study.mayCoordinate && <Table.Th>Action</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {events.map((event) => (
            <Table.Tr key={event.id}>
              <Table.Td data-label="Received">
                <Anchor component="button" type="button" size="sm" onClick={() => onOpen(event.id)}>
                  <When at={event.received_at} />
                </Anchor>
              </Table.Td>
              <Table.Td data-label="Record">{event.record_id}</Table.Td>
              <Table.Td data-label="Instrument">
                {event.instrument}
                {event.event_name && (
                  <Text size="xs" c="dimmed">
                    {event.event_name}
                  </Text>
                )}
              </Table.Td>
              <Table.Td data-label="State">
                <Status of={stuck.has(event.id) ? "stuck" : event.status} />
              </Table.Td>
              <Table.Td data-label="What came of it" miw={260} maw={420}>
                <Outcome event={event} onOpen={onOpen} />
              </Table.Td>
              {study.mayCoordinate && (
                <Table.Td>
                  {event.replayable && (
                    <Button
                      size="xs"
                      variant="default"
                      loading={replay.isPending && replay.variables === event.id}
                      onClick={() => replay.mutate(event.id)}
                      aria-label={`Replay the event of record ${event.record_id}`}
                    >
                      Replay
                    </Button>
                  )}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

function Outcome({ event, onOpen }: { event: Event; onOpen: (event: string) => void }) {
  const original = event.duplicate_of_id;
  if (original) {
    return (
      <Anchor component="button" type="button" size="sm" onClick={() => onOpen(original)}>
        Repeats an event that is there already
      </Anchor>
    );
  }
  return (
    <>
      <Text size="sm">
        {(event.error_message && failureWords(event.error_message)) ??
          event.note ??
          (event.status === "processed" ? "Applied" : "–")}
      </Text>
      {event.retry_count > 0 && (
        <Text size="xs" c="dimmed">
          replayed {event.retry_count === 1 ? "once" : `${event.retry_count} times`}
        </Text>
      )}
    </>
  );
}
