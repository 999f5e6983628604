/** One event beside the list: its course, its form as REDCap sent it, and its duplicates or its original. */
import { Button, Drawer, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useFocusBack } from "../display/focus";
import { Callout, Failure, Waiting } from "../display/Notice";
import { Wide } from "../display/Page";
import { Status } from "../display/Status";
import { When } from "../display/When";
import facts from "../participant/Participant.module.css";
import { useStudy } from "../study/study";
import { type Event, eventQuery, eventsQuery, failureWords, useReplay } from "./events";
import { EventTable } from "./EventTable";

interface Props {
  id: string;
  stuck: ReadonlySet<string>;
  onOpen: (event: string) => void;
  onClose: () => void;
}

export function EventDrawer({ id, stuck, onOpen, onClose }: Props) {
  const study = useStudy();
  const asked = useQuery(eventQuery(study.id, id));
  const event = asked.data;
  useFocusBack();
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={event ? `Event of record ${event.record_id}` : "Event"}
    >
      {asked.isPending && <Waiting rows={8} />}
      {asked.isError && <Failure error={asked.error} onRetry={() => void asked.refetch()} />}
      {event && (
        <Stack>
          <Course event={event} stuck={stuck} />
          {event.error_message && (
            <Callout tone="bad">
              <Text fw={600}>Why it failed</Text>
              <Text size="sm">{failureWords(event.error_message)}</Text>
            </Callout>
          )}
          {study.mayCoordinate && event.replayable && <Replay event={event} />}
          <Related event={event} stuck={stuck} onOpen={onOpen} />
          <Form fields={event.form} />
        </Stack>
      )}
    </Drawer>
  );
}

function Course({ event, stuck }: { event: Event; stuck: ReadonlySet<string> }) {
  return (
    <dl className={facts["facts"]}>
      <Fact name="State">
        <Status of={stuck.has(event.id) ? "stuck" : event.status} />
      </Fact>
      <Fact name="Source">{event.source === "redcap_det" ? "REDCap's trigger" : "Reconcile"}</Fact>
      <Fact name="Instrument">{event.instrument}</Fact>
      <Fact name="REDCap event">{event.event_name ?? "–"}</Fact>
      <Fact name="Received">
        <When at={event.received_at} />
      </Fact>
      <Fact name="Taken up">{event.claimed_at ? <When at={event.claimed_at} /> : "not yet"}</Fact>
      <Fact name="Applied">{event.processed_at ? <When at={event.processed_at} /> : "–"}</Fact>
      <Fact name="Replays">{event.retry_count}</Fact>
      {event.note && <Fact name="Note">{event.note}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Replay({ event }: { event: Event }) {
  const replay = useReplay();
  return (
    <Group justify="space-between">
      <Text size="sm" c="dimmed" flex={1} miw={200}>
        A replay reads record {event.record_id} from REDCap again and applies what it finds.
      </Text>
      <Button loading={replay.isPending} onClick={() => replay.mutate(event.id)}>
        Replay this event
      </Button>
    </Group>
  );
}

/** The original of a duplicate, or the duplicates of an original. */
function Related({ event, stuck, onOpen }: { event: Event; stuck: ReadonlySet<string>; onOpen: Props["onOpen"] }) {
  const study = useStudy();
  const original = useQuery({
    ...eventQuery(study.id, event.duplicate_of_id ?? ""),
    enabled: Boolean(event.duplicate_of_id),
  });
  const repeats = useQuery({
    ...eventsQuery(study.id, { duplicate_of: event.id }),
    enabled: !event.duplicate_of_id,
  });
  const shown: Event[] = event.duplicate_of_id ? (original.data ? [original.data] : []) : (repeats.data ?? []);
  if (shown.length === 0) return null;
  return (
    <section>
      <Title order={3}>{event.duplicate_of_id ? "Repeats this event" : "Repeated by"}</Title>
      <EventTable events={shown} stuck={stuck} onOpen={onOpen} />
    </section>
  );
}

function Form({ fields }: { fields: { name: string; value: string }[] }) {
  return (
    <section>
      <Title order={3}>As REDCap sent it</Title>
      {fields.length === 0 ? (
        <Text size="sm" c="dimmed">
          It carries no form.
        </Text>
      ) : (
        <Wide label="Form" stacks>
          <Table verticalSpacing={3}>
            <Table.Tbody>
              {fields.map(({ name, value }) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row">{name}</Table.Th>
                  <Table.Td className="breaks">{value}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
    </section>
  );
}
