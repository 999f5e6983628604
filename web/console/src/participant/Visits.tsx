/** The visits as a table, the current version first; the visit that the address names is marked and in view. */
import { Table, Text } from "@mantine/core";
import { useLocation } from "@tanstack/react-router";
import { Fragment, useEffect } from "react";
import { Wide } from "../display/Page";
import { Status } from "../display/Status";
import { Day, Span } from "../display/When";
import classes from "./Participant.module.css";
import { type Detail, flagWords, type Visit } from "./participant";

export function Visits({ detail }: { detail: Detail }) {
  const { hash } = useLocation();
  useEffect(() => {
    if (hash) document.getElementById(hash)?.scrollIntoView({ block: "center" });
  }, [hash]);
  return (
    <Wide label="Visits" stacks>
      <Table verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Visit</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Target</Table.Th>
            <Table.Th>Window</Table.Th>
            <Table.Th>Took place</Table.Th>
            <Table.Th>To look at</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {detail.versions.toReversed().map((version) => (
            <Fragment key={version.id}>
              <Table.Tr className={classes["versionHead"] ?? ""}>
                <Table.Th colSpan={6} scope="rowgroup">
                  Version {version.version_number}, {version.is_current ? "current" : version.status}, anchor{" "}
                  <Day on={version.anchor_date_used} />
                </Table.Th>
              </Table.Tr>
              {detail.visits
                .filter((visit) => visit.version_number === version.version_number)
                .map((visit) => (
                  <Row
                    key={visit.id}
                    visit={visit}
                    chosen={visit.id === hash}
                    past={!version.is_current && visit.status === "cancelled"}
                  />
                ))}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

interface RowProps {
  visit: Visit;
  chosen: boolean;
  past: boolean;
}

function Row({ visit, chosen, past }: RowProps) {
  const toLookAt = visit.review_flag ? flagWords(visit.review_flag) : surveysLeft(visit);
  return (
    <Table.Tr id={visit.id} className={classes["visit"] ?? ""} data-chosen={chosen} data-past={past}>
      <Table.Td data-label="Visit">
        {visit.label}
        <Text size="xs" c="dimmed">
          {visit.event_name}
        </Text>
      </Table.Td>
      <Table.Td data-label="State">
        <Status of={visit.state} />
      </Table.Td>
      <Table.Td data-label="Target">
        <Day on={visit.scheduled_date} />
        {visit.original_target_date && visit.original_target_date !== visit.scheduled_date && (
          <Text size="xs" c="dimmed">
            first <Day on={visit.original_target_date} />
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label="Window">
        <Span from={visit.window_start} to={visit.window_end} />
      </Table.Td>
      <Table.Td data-label="Took place" data-none={!visit.actual_visit_date}>
        {visit.actual_visit_date ? <Day on={visit.actual_visit_date} /> : "–"}
      </Table.Td>
      <Table.Td data-label="To look at" data-none={toLookAt === null} miw={180}>
        <Text size="sm">{toLookAt ?? "–"}</Text>
      </Table.Td>
    </Table.Tr>
  );
}

/** The surveys of a visit that REDCap has not called complete, by name, and why one has no link. */
function surveysLeft(visit: Visit): string | null {
  const open = Object.entries(visit.surveys).filter(([, complete]) => complete !== 2);
  if (visit.status === "cancelled" || open.length === 0) return null;
  const problems = open.flatMap(([name]) => {
    const problem = visit.survey_problems[name];
    return problem ? [`${name}: ${problem}`] : [];
  });
  return [`Surveys not complete: ${open.map(([name]) => name).join(", ")}`, ...problems].join(". ");
}
