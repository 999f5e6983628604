/** The last rows of the audit log about a participant, and the way to all of them. */
import { Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { auditQuery } from "../audit/audit";
import { Actor } from "../audit/Actor";
import { AnchorLink } from "../display/links";
import { Failure, Waiting } from "../display/Notice";
import { Wide } from "../display/Page";
import { words } from "../display/Status";
import { When } from "../display/When";
import { useStudy } from "../study/study";

const SHOWN = 8;

export function AuditExcerpt({ participant, code }: { participant: string; code: string }) {
  const study = useStudy();
  const asked = useQuery(auditQuery(study.id, { object_id: participant, limit: SHOWN }));
  if (asked.isPending) return <Waiting rows={3} />;
  if (!asked.data) return <Failure error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <>
      {asked.data.rows.length === 0 ? (
        <Text size="sm" c="dimmed">
          No row names {code} yet.
        </Text>
      ) : (
        <Wide label={`Audit rows of ${code}`} stacks>
          <Table verticalSpacing={4}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>When</Table.Th>
                <Table.Th>What</Table.Th>
                <Table.Th>Who</Table.Th>
                <Table.Th>Row</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {asked.data.rows.map((row) => (
                <Table.Tr key={row.id}>
                  <Table.Td data-label="When">
                    <When at={row.occurred_at} />
                  </Table.Td>
                  <Table.Td data-label="What">{words(row.action)}</Table.Td>
                  <Table.Td data-label="Who">
                    <Actor kind={row.actor_kind} id={row.actor_id} />
                  </Table.Td>
                  <Table.Td data-label="Row">
                    <AnchorLink
                      size="sm"
                      to="/studies/$study/audit"
                      params={{ study: study.code }}
                      search={{ object_id: participant, row: String(row.id) }}
                    >
                      {row.sequence}
                    </AnchorLink>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
      <AnchorLink
        size="sm"
        to="/studies/$study/audit"
        params={{ study: study.code }}
        search={{ object_id: participant }}
      >
        All rows about {code}
      </AnchorLink>
    </>
  );
}
