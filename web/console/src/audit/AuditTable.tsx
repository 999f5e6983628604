/** Rows of the audit log; a row opens to what it holds and to its hashes. */
import { ActionIcon, Code, Stack, Table, Text } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { Fragment } from "react";
import { AnchorLink } from "../display/links";
import { Wide } from "../display/Page";
import { words } from "../display/Status";
import { When } from "../display/When";
import { useStudy } from "../study/study";
import { Actor } from "./Actor";
import type { AuditRow } from "./audit";

interface Props {
  rows: AuditRow[];
  open: string | undefined;
  onOpen: (row: string | undefined) => void;
}

export function AuditTable({ rows, open, onOpen }: Props) {
  return (
    <Wide label="Audit rows" stacks>
      <Table verticalSpacing={5}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={84}>Row</Table.Th>
            <Table.Th>When</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>About</Table.Th>
            <Table.Th>Who</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => {
            const isOpen = open === String(row.id);
            return (
              <Fragment key={row.id}>
                <Table.Tr>
                  <Table.Td>
                    <ActionIcon
                      size="sm"
                      variant="subtle"
                      color="gray"
                      aria-expanded={isOpen}
                      aria-label={`${isOpen ? "Close" : "Open"} row ${row.sequence}`}
                      onClick={() => onOpen(isOpen ? undefined : String(row.id))}
                    >
                      {isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
                    </ActionIcon>{" "}
                    {row.sequence}
                  </Table.Td>
                  <Table.Td data-label="When">
                    <When at={row.occurred_at} />
                  </Table.Td>
                  <Table.Td data-label="What">{words(row.action)}</Table.Td>
                  <Table.Td data-label="About">
                    <About row={row} />
                  </Table.Td>
                  <Table.Td data-label="Who">
                    <Actor kind={row.actor_kind} id={row.actor_id} />
                  </Table.Td>
                </Table.Tr>
                {isOpen && (
                  <Table.Tr>
                    <Table.Td colSpan={5}>
                      <Held row={row} />
                    </Table.Td>
                  </Table.Tr>
                )}
              </Fragment>
            );
          })}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

/** What a row is about, as a link where it has a page. */
function About({ row }: { row: AuditRow }) {
  const study = useStudy();
  if (row.object_kind === "participant") {
    return (
      <AnchorLink
        size="sm"
        to="/studies/$study/participants/$participant"
        params={{ study: study.code, participant: row.object_id }}
      >
        Participant
      </AnchorLink>
    );
  }
  if (row.object_kind === "webhook_event") {
    return (
      <AnchorLink
        size="sm"
        to="/studies/$study/events"
        params={{ study: study.code }}
        search={{ event: row.object_id }}
      >
        Event
      </AnchorLink>
    );
  }
  return <span title={row.object_id}>{words(row.object_kind)}</span>;
}

function Held({ row }: { row: AuditRow }) {
  const detail = Object.entries(row.detail);
  return (
    <Stack gap="xs" pl={{ base: 0, sm: "xl" }}>
      <Table withRowBorders={false} verticalSpacing={1} w="fit-content">
        <Table.Tbody>
          {detail.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{words(name)}</Table.Th>
              <Table.Td>{typeof value === "object" ? JSON.stringify(value) : String(value)}</Table.Td>
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Th scope="row">Object</Table.Th>
            <Table.Td>
              {row.object_kind} {row.object_id}
            </Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Th scope="row">Id</Table.Th>
            <Table.Td>{row.id}</Table.Td>
          </Table.Tr>
        </Table.Tbody>
      </Table>
      <Text size="xs" c="dimmed">
        previous hash <Code className="breaks">{row.previous_hash}</Code>
        <br />
        hash <Code className="breaks">{row.hash}</Code>
      </Text>
    </Stack>
  );
}
