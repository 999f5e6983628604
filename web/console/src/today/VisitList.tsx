/** Visits that want the same of a person, soonest to close first, each a link to its place on the participant's page. */
import { AnchorLink } from "../display/links";
import { Button, Table, Text } from "@mantine/core";
import { useState } from "react";
import type { VisitsToDo, VisitToDo } from "../api/shown";
import { Panel } from "../display/Page";
import { Status } from "../display/Status";
import { Day, daysBetween } from "../display/When";
import { useStudy } from "../study/study";

const SHOWN = 12;

interface Props {
  title: string;
  state: "due" | "overdue" | "upcoming";
  listed: VisitsToDo;
  today: string;
  none: string;
}

export function VisitList({ title, state, listed, today, none }: Props) {
  const [all, setAll] = useState(false);
  const visits = all ? listed.visits : listed.visits.slice(0, SHOWN);
  const hidden = listed.visits.length - visits.length;
  return (
    <Panel title={title} actions={<Status of={listed.total === 0 ? "none" : state}>{listed.total}</Status>}>
      {listed.total === 0 ? (
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      ) : (
        <Table verticalSpacing={6} horizontalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Participant</Table.Th>
              <Table.Th>Visit</Table.Th>
              <Table.Th visibleFrom="sm">Site</Table.Th>
              <Table.Th visibleFrom="sm">Target</Table.Th>
              <Table.Th>Window</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {visits.map((visit) => (
              <Row key={visit.visit_id} visit={visit} today={today} state={state} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {hidden > 0 && (
        <Button variant="subtle" size="xs" mt="xs" onClick={() => setAll(true)}>
          Show {hidden} more
        </Button>
      )}
      {listed.total > listed.visits.length && (
        <Text size="xs" c="dimmed" mt="xs">
          The first {listed.visits.length} of {listed.total}; the visit matrix has all of them.
        </Text>
      )}
    </Panel>
  );
}

function Row({ visit, today, state }: { visit: VisitToDo; today: string; state: Props["state"] }) {
  const study = useStudy();
  return (
    <Table.Tr>
      <Table.Td>
        <AnchorLink
          size="sm"
          to="/studies/$study/participants/$participant"
          params={{ study: study.code, participant: visit.participant_id }}
          hash={visit.visit_id}
        >
          {visit.participant_code}
        </AnchorLink>
      </Table.Td>
      <Table.Td>{visit.label}</Table.Td>
      <Table.Td visibleFrom="sm">{visit.site_code ?? "–"}</Table.Td>
      <Table.Td visibleFrom="sm">
        <Day on={visit.target_date} />
      </Table.Td>
      <Table.Td>{closing(visit, today, state)}</Table.Td>
    </Table.Tr>
  );
}

/** Where the day stands in the visit's window. */
export function closing(visit: Pick<VisitToDo, "window_start" | "window_end">, today: string, state: Props["state"]) {
  if (state === "upcoming") return `opens ${inDays(daysBetween(today, visit.window_start))}`;
  const left = daysBetween(today, visit.window_end);
  return left < 0 ? `closed ${-left} ${-left === 1 ? "day" : "days"} ago` : `closes ${inDays(left)}`;
}

function inDays(days: number): string {
  if (days <= 0) return "today";
  return days === 1 ? "tomorrow" : `in ${days} days`;
}
