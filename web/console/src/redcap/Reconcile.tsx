/** Compares REDCap's records with ours, when a person does not want to wait for the next scheduled run. */
import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { AnchorLink } from "../display/links";
import { Failure, Waiting } from "../display/Notice";
import { Panel } from "../display/Page";
import { When } from "../display/When";
import { redcapTime } from "../flags/flags";
import { useStudy } from "../study/study";
import { ReconciledShown } from "./Reconciled";
import { reconcileQuery, useReconcile } from "./reconcile";
import type { RedcapShown } from "./redcap";

const ABSENT_AS_DELETED = { full: false, dry_run: false, absent_as_deleted: true };

export function Reconcile({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const [full, setFull] = useState(false);
  const order = useReconcile();
  const dry = order.variables?.dry_run ?? false;
  return (
    <Panel
      id="reconcile"
      title="Reconcile"
      about="Compares every record of REDCap with what is here: what is missing or differs becomes an event, what was deleted or renamed a flag. Nothing is deleted. It also runs by itself."
    >
      <Stack gap="sm">
        <LastRun />
        {study.mayCoordinate && (
          <Stack gap="xs">
            <Checkbox
              label="Read every record"
              description="Also those that REDCap does not report as changed since the last run. It takes longer."
              checked={full}
              onChange={(event) => setFull(event.currentTarget.checked)}
            />
            <Group gap="xs">
              <Button
                loading={order.isPending && !dry}
                disabled={!redcap.has_token || order.isPending}
                onClick={() => order.mutate({ full, dry_run: false })}
              >
                Reconcile now
              </Button>
              <Button
                variant="default"
                loading={order.isPending && dry}
                disabled={!redcap.has_token || order.isPending}
                onClick={() => order.mutate({ full, dry_run: true })}
              >
                Preview
              </Button>
            </Group>
          </Stack>
        )}
        {!redcap.has_token && (
          <Text size="sm" c="dimmed">
            Save a connection first.
          </Text>
        )}
        {order.error && <Failure error={order.error} />}
        {order.data && !order.isPending && (
          <ReconciledShown
            found={order.data}
            onAbsent={study.mayCoordinate ? () => order.mutate(ABSENT_AS_DELETED) : undefined}
          />
        )}
      </Stack>
    </Panel>
  );
}

function LastRun() {
  const study = useStudy();
  const asked = useQuery(reconcileQuery(study.id));
  if (asked.isPending) return <Waiting rows={1} />;
  if (!asked.data) return <Failure error={asked.error} onRetry={() => void asked.refetch()} />;
  const {
    ran_at: ran,
    full_at: full,
    log_mark: mark,
    under_way: underWay,
    open_flags: open,
    last_run: last,
  } = asked.data;
  return (
    <Text size="sm" component="div">
      {ran ? (
        <>
          Every record was last accounted for <When at={ran} />.{" "}
        </>
      ) : (
        <>No reconcile has accounted for every record yet. </>
      )}
      {full && (
        <>
          Every record was last read <When at={full} />.{" "}
        </>
      )}
      {mark && <>REDCap's log has been read to {redcapTime(mark)} (REDCap's time). </>}
      {last && !last.success && (
        <>
          <strong>The last run did not account for every record</strong>
          {last.finished_at && (
            <>
              {" "}
              (<When at={last.finished_at} />)
            </>
          )}
          : {last.error ?? "no reason is stored"}.{" "}
        </>
      )}
      {underWay && <>One waits or is under way; another is refused until it has ended. </>}
      {open > 0 && (
        <AnchorLink size="sm" underline="always" to="/studies/$study/flags" params={{ study: study.code }}>
          {open === 1 ? "1 flag waits for a decision" : `${open} flags wait for a decision`}
        </AnchorLink>
      )}
    </Text>
  );
}
