/** Results that did not reach REDCap: why, since when, and the re-sync of one, of some, or of all. */
import { Button, Checkbox, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Empty, Failure, Waiting } from "../display/Notice";
import { Page, Panel, Wide } from "../display/Page";
import { Status, words } from "../display/Status";
import { When } from "../display/When";
import type { Session } from "../participant/participant";
import { Why } from "../participant/Sessions";
import { dashboardQuery, useStudy } from "../study/study";
import { BreakerNote } from "./BreakerNote";
import { Owner } from "./Owner";
import { useResync } from "./resync";
import { sessionsQuery, SHOWN } from "./sessions";

export function FailedSyncs() {
  const study = useStudy();
  const failed = useQuery(sessionsQuery(study.id, "failed"));
  const pending = useQuery(sessionsQuery(study.id, "pending"));
  const sessions = failed.data?.sessions ?? [];
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const chosen = sessions.filter(({ id }) => ticked.has(id)).map(({ id }) => id);
  const resync = useResync();
  const order = (ids: string[] | null) => resync.mutate(ids, { onSuccess: () => setTicked(new Set()) });
  // The list shows the latest ones; how many there are is counted where the tile of Today has its number from.
  const counted = useQuery(dashboardQuery(study.id)).data?.failed_syncs ?? 0;
  const count = sessions.length < SHOWN ? sessions.length : Math.max(counted, sessions.length);
  return (
    <Page
      title="Failed syncs"
      about="A failed result stays failed until a person re-syncs it: nothing is substituted, estimated or retried."
      actions={
        study.mayCoordinate &&
        sessions.length > 0 && (
          <>
            <Button
              variant="default"
              disabled={chosen.length === 0}
              loading={resync.isPending}
              onClick={() => order(chosen)}
            >
              Re-sync chosen ({chosen.length})
            </Button>
            <Button loading={resync.isPending} onClick={() => order(null)}>
              Re-sync all {count}
            </Button>
          </>
        )
      }
    >
      <BreakerNote />
      <Panel title="Failed">
        {failed.isPending && <Waiting rows={4} />}
        {failed.isError && <Failure error={failed.error} onRetry={() => void failed.refetch()} />}
        {failed.data && sessions.length === 0 && (
          <Empty title="No failed sync">Every result that was received is in REDCap or on its way there.</Empty>
        )}
        {sessions.length > 0 && (
          <FailedTable
            sessions={sessions}
            count={count}
            ticked={ticked}
            onTick={setTicked}
            order={order}
            ordered={resync.isPending ? (resync.variables ?? []) : null}
          />
        )}
      </Panel>
      {pending.data && pending.data.sessions.length > 0 && (
        <Panel title="On its way" about="Waiting for REDCap; over 15 minutes is too long and shows on Today.">
          <PendingTable sessions={pending.data.sessions} />
        </Panel>
      )}
    </Page>
  );
}

interface FailedProps {
  sessions: Session[];
  count: number;
  ticked: ReadonlySet<string>;
  onTick: (next: ReadonlySet<string>) => void;
  order: (ids: string[]) => void;
  /** What is being sent again at the moment; an empty list for all. */
  ordered: readonly string[] | null;
}

function FailedTable({ sessions, count, ticked, onTick, order, ordered }: FailedProps) {
  const study = useStudy();
  const every = sessions.every(({ id }) => ticked.has(id));
  const tick = (id: string) => {
    const next = new Set(ticked);
    if (!next.delete(id)) next.add(id);
    onTick(next);
  };
  return (
    <Wide label="Failed results" stacks>
      <Table verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            {study.mayCoordinate && (
              <Table.Th w={36}>
                <Checkbox
                  aria-label="Choose all"
                  checked={every}
                  indeterminate={ticked.size > 0 && !every}
                  onChange={() => onTick(new Set(every ? [] : sessions.map(({ id }) => id)))}
                />
              </Table.Th>
            )}
            <Table.Th>Participant</Table.Th>
            <Table.Th>Result</Table.Th>
            <Table.Th>Held back since</Table.Th>
            <Table.Th>Why</Table.Th>
            <Table.Th>Tries</Table.Th>
            {study.mayCoordinate && <Table.Th>Action</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sessions.map((session) => (
            <Table.Tr key={session.id}>
              {study.mayCoordinate && (
                <Table.Td>
                  <Checkbox
                    aria-label={`Choose the ${words(session.task).toLowerCase()} of ${session.participant_code}`}
                    checked={ticked.has(session.id)}
                    onChange={() => tick(session.id)}
                  />
                </Table.Td>
              )}
              <Table.Td data-label="Participant">
                <Owner session={session} />
              </Table.Td>
              <Table.Td data-label="Result">{words(session.task)}</Table.Td>
              <Table.Td data-label="Held back since">
                <When at={session.received_at} />
              </Table.Td>
              <Table.Td data-label="Why" miw={260} maw={420}>
                <Why session={session} />
              </Table.Td>
              <Table.Td data-label="Tries">{session.sync_attempts}</Table.Td>
              {study.mayCoordinate && (
                <Table.Td>
                  <Button
                    size="xs"
                    variant="default"
                    loading={ordered?.includes(session.id) ?? false}
                    disabled={ordered !== null}
                    onClick={() => order([session.id])}
                  >
                    Re-sync
                  </Button>
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {count > sessions.length && (
        <Text size="xs" c="dimmed" mt="xs">
          The latest {sessions.length} of {count}; re-syncing all sends the older ones as well.
        </Text>
      )}
    </Wide>
  );
}

function PendingTable({ sessions }: { sessions: Session[] }) {
  return (
    <Stack gap={6}>
      <Wide label="Results on their way" stacks>
        <Table verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Participant</Table.Th>
              <Table.Th>Result</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Since</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sessions.map((session) => (
              <Table.Tr key={session.id}>
                <Table.Td data-label="Participant">
                  <Owner session={session} />
                </Table.Td>
                <Table.Td data-label="Result">{words(session.task)}</Table.Td>
                <Table.Td data-label="State">
                  <Status of="pending" />
                </Table.Td>
                <Table.Td data-label="Since">
                  <When at={session.pending_since ?? session.received_at} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </Stack>
  );
}
