/** The four lights of the study: each its number, its words and its one action. */
import { ButtonLink } from "../display/links";
import { SimpleGrid, Skeleton, Text } from "@mantine/core";
import type { Schemas } from "@metricis/api";
import type { ReactNode } from "react";
import type { Breaker } from "../api/shown";
import { Status } from "../display/Status";
import { When } from "../display/When";
import { useStudy } from "../study/study";
import { ResetBreaker } from "./ResetBreaker";
import classes from "./Tiles.module.css";

type Dashboard = Schemas["DashboardShown"];

const COLUMNS = { base: 1, sm: 2, lg: 4 };

export function Tiles({ dashboard }: { dashboard: Dashboard | undefined }) {
  if (!dashboard) {
    return (
      <SimpleGrid cols={COLUMNS}>
        {["syncs", "events", "flags", "breaker"].map((tile) => (
          <Skeleton key={tile} height={148} radius="md" />
        ))}
      </SimpleGrid>
    );
  }
  return (
    <SimpleGrid cols={COLUMNS}>
      <SyncTile failed={dashboard.failed_syncs} />
      <EventTile dashboard={dashboard} />
      <FlagTile dashboard={dashboard} />
      <BreakerTile breaker={dashboard.breaker} enabled={dashboard.breaker_enabled} />
    </SimpleGrid>
  );
}

interface TileProps {
  title: string;
  number: ReactNode;
  bad: boolean;
  action: ReactNode;
  children: ReactNode;
}

function Tile({ title, number, bad, action, children }: TileProps) {
  return (
    <section className={classes["tile"]} data-bad={bad} aria-label={title}>
      <h2 className={classes["title"]}>{title}</h2>
      <div className={classes["number"]}>{number}</div>
      <Text size="sm" className={classes["words"]} component="div">
        {children}
      </Text>
      <div>{action}</div>
    </section>
  );
}

function SyncTile({ failed }: { failed: number }) {
  const study = useStudy();
  return (
    <Tile
      title="Failed Sync"
      number={failed}
      bad={failed > 0}
      action={
        <ButtonLink
          to="/studies/$study/failed-syncs"
          params={{ study: study.code }}
          size="xs"
          variant={failed > 0 ? "filled" : "default"}
        >
          {failed > 0 ? "See why and re-sync" : "Failed syncs"}
        </ButtonLink>
      }
    >
      {failed === 0
        ? "No result is held back by a failed sync."
        : `${failed === 1 ? "A result has" : `${failed} results have`} not reached REDCap. Nothing is substituted or retried until a person re-syncs.`}
    </Tile>
  );
}

function EventTile({ dashboard }: { dashboard: Dashboard }) {
  const study = useStudy();
  const { stuck_events: stuck, failed_events: failed } = dashboard;
  const bad = stuck + failed > 0;
  return (
    <Tile
      title="Stuck events"
      number={stuck + failed}
      bad={bad}
      action={
        <ButtonLink
          to="/studies/$study/events"
          params={{ study: study.code }}
          search={bad ? { status: "attention" } : {}}
          size="xs"
          variant={bad ? "filled" : "default"}
        >
          {bad ? "Look and replay" : "Events"}
        </ButtonLink>
      }
    >
      {bad
        ? `${stuck} stuck in processing, ${failed} failed. What REDCap announced has not been applied; replay each.`
        : waitingWords(dashboard.events_waiting)}
    </Tile>
  );
}

/** What is true of the events when none failed and none hangs. */
export function waitingWords(waiting: number): string {
  if (waiting === 0) return "No event of REDCap has failed, hangs or waits.";
  return `None has failed or hangs; ${waiting === 1 ? "1 event waits" : `${waiting} events wait`} to be worked on.`;
}

function FlagTile({ dashboard }: { dashboard: Dashboard }) {
  const study = useStudy();
  const { open_flags: open, reconciled_at: at } = dashboard;
  return (
    <Tile
      title="Flags"
      number={open}
      bad={open > 0}
      action={
        <ButtonLink
          to="/studies/$study/flags"
          params={{ study: study.code }}
          size="xs"
          variant={open > 0 ? "filled" : "default"}
        >
          {open > 0 ? "Look and decide" : "Flags"}
        </ButtonLink>
      }
    >
      {flagTileWords(open)}{" "}
      {at ? (
        <>
          Every record was last accounted for <When at={at} />.
        </>
      ) : (
        "No reconcile has accounted for every record yet."
      )}
    </Tile>
  );
}

/** What happened to records and waits for a person. */
export function flagTileWords(open: number): string {
  if (open === 0) return "No record's fate in REDCap waits for a decision.";
  return `${open === 1 ? "A deletion, rename or move of a record in REDCap waits" : `${open} deletions, renames or moves of records in REDCap wait`} for a person's decision.`;
}

function BreakerTile({ breaker, enabled }: { breaker: Breaker; enabled: boolean }) {
  const study = useStudy();
  const closed = breaker.state === "closed";
  return (
    <Tile
      title="Circuit breaker"
      number={<Status of={breaker.state} />}
      bad={!closed || !enabled}
      action={
        closed || !study.mayAdminister ? (
          <ButtonLink
            to="/studies/$study/redcap"
            params={{ study: study.code }}
            size="xs"
            variant={closed ? "default" : "filled"}
          >
            {closed ? "REDCap connection" : "See the connection"}
          </ButtonLink>
        ) : (
          <ResetBreaker />
        )
      }
    >
      <BreakerWords breaker={breaker} enabled={enabled} />
    </Tile>
  );
}

export function BreakerWords({ breaker, enabled }: { breaker: Breaker; enabled: boolean }) {
  if (!enabled) return "An operator has switched the breaker off: REDCap is called whatever happens.";
  if (breaker.state === "closed") {
    return breaker.failures === 0
      ? "No call to REDCap is held back."
      : `No call to REDCap is held back; the last ${breaker.failures === 1 ? "call" : `${breaker.failures} calls`} failed.`;
  }
  return (
    <>
      {breaker.state === "open"
        ? `REDCap is not called after ${breaker.failures} failures in a row.`
        : "One call is asking whether REDCap is back."}
      {breaker.opened_at && (
        <>
          {" "}
          Open since <When at={breaker.opened_at} />.
        </>
      )}
    </>
  );
}
