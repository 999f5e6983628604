/** A participant's results: when, for which visit, whether REDCap has them, and if not, why. */
import { Button, Table, Text } from "@mantine/core";
import { Empty } from "../display/Notice";
import { Wide } from "../display/Page";
import { Reasons } from "../display/Reasons";
import { Status, words } from "../display/Status";
import { When } from "../display/When";
import { useStudy } from "../study/study";
import { useResync } from "../syncs/resync";
import { type Detail, flagWords, reasonWords, type Session } from "./participant";

export function Sessions({ detail }: { detail: Detail }) {
  const study = useStudy();
  const resync = useResync();
  if (detail.sessions.length === 0) {
    return <Empty title="No results yet">They appear here as soon as the participant's device has sent them.</Empty>;
  }
  return (
    <Wide label="Results" stacks>
      <Table verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Task</Table.Th>
            <Table.Th>Visit</Table.Th>
            <Table.Th>Completed</Table.Th>
            <Table.Th>In REDCap</Table.Th>
            <Table.Th>Why, and what to look at</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {detail.sessions.map((session) => (
            <Table.Tr key={session.id}>
              <Table.Td data-label="Task">{words(session.task)}</Table.Td>
              <Table.Td data-label="Visit">{session.visit_label ?? "–"}</Table.Td>
              <Table.Td data-label="Completed">
                <When at={session.completed_at} />
              </Table.Td>
              <Table.Td data-label="In REDCap">
                <Status of={session.sync_status} />
                <SyncMoment session={session} />
              </Table.Td>
              <Table.Td data-label="Why" data-none={!session.sync_error_type && !session.review_flag} miw={260}>
                <Why session={session} />
                {session.sync_status === "failed" && study.mayCoordinate && (
                  <Button
                    size="xs"
                    mt={4}
                    variant="default"
                    loading={resync.isPending}
                    onClick={() => resync.mutate([session.id])}
                  >
                    Re-sync this result
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

function SyncMoment({ session }: { session: Session }) {
  const at = session.synced_at ?? session.pending_since;
  if (!at) return null;
  return (
    <Text size="xs" c="dimmed">
      {session.synced_at ? "" : "since "}
      <When at={at} />
    </Text>
  );
}

/** Why a result is not in REDCap, and what a person should look at; the server's message names the fields. */
export function Why({ session }: { session: Session }) {
  const { sync_error_type: type, sync_error_message: message, review_flag: flag } = session;
  if (!type && !flag) return <>–</>;
  return (
    <>
      {type && (
        <Text size="sm" fw={550}>
          {reasonWords(type)}
        </Text>
      )}
      {message && <Reasons message={message} />}
      {flag && <Text size="sm">{flagWords(flag)}</Text>}
    </>
  );
}
