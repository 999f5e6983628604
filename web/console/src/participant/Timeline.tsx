/**
 * The swim lanes: one lane per version of the schedule, the current one on top. A bar is a visit's window, the tick in it
 * the target, the mark what happened. Each visit is a link, so that the picture reads as a list without eyes.
 */
import { Text } from "@mantine/core";
import { Wide } from "../display/Page";
import { lookOf, Status } from "../display/Status";
import { Day, day, span } from "../display/When";
import type { Detail, Version, Visit } from "./participant";
import { addDays, months, place, rowsFor, type Scale, scaleOf } from "./scale";
import classes from "./Timeline.module.css";

const monthFormat = new Intl.DateTimeFormat("en-GB", { month: "short", year: "2-digit", timeZone: "UTC" });

/** Room that a visit's name takes, in percent of the lane. */
const LABEL_GAP = 9;

export function Timeline({ detail, today }: { detail: Detail; today: string }) {
  const versions = detail.versions.toReversed();
  const dates = detail.visits.flatMap((visit) => [
    visit.window_start,
    visit.window_end,
    visit.scheduled_date,
    ...(visit.actual_visit_date ? [visit.actual_visit_date] : []),
  ]);
  if (detail.visits.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No visits yet: they are made when the consent gate opens.
      </Text>
    );
  }
  const scale = scaleOf([...dates, ...versions.map((version) => version.anchor_date_used), today]);
  return (
    <Wide label="Timeline of the schedule's versions">
      <div className={classes["lanes"]}>
        <Axis scale={scale} today={today} />
        {versions.map((version) => (
          <Lane
            key={version.id}
            version={version}
            visits={detail.visits.filter((visit) => visit.version_number === version.version_number)}
            scale={scale}
            today={today}
          />
        ))}
        <Legend />
      </div>
    </Wide>
  );
}

function Axis({ scale, today }: { scale: Scale; today: string }) {
  return (
    <div className={classes["axis"]} aria-hidden>
      <span />
      <div className={classes["track"]}>
        {months(scale).map((date) => (
          <span key={date} className={classes["month"]} style={{ left: `${place(scale, date)}%` }}>
            {monthFormat.format(new Date(`${date}T00:00:00Z`))}
          </span>
        ))}
        <span className={classes["todayWord"]} style={{ left: `${place(scale, today)}%` }}>
          today
        </span>
      </div>
    </div>
  );
}

interface LaneProps {
  version: Version;
  visits: Visit[];
  scale: Scale;
  today: string;
}

function Lane({ version, visits, scale, today }: LaneProps) {
  const rows = rowsFor(
    visits.map((visit) => place(scale, visit.scheduled_date)),
    LABEL_GAP,
  );
  const height = 46 + 16 * Math.max(0, ...rows);
  return (
    <div className={classes["lane"]} data-current={version.is_current}>
      <div className={classes["laneName"]}>
        <Text size="sm" fw={600}>
          Version {version.version_number}
        </Text>
        <Text size="xs" c="dimmed">
          {version.is_current ? "current" : version.status} · anchor <Day on={version.anchor_date_used} />
        </Text>
      </div>
      <div className={classes["track"]} style={{ minHeight: height }}>
        {months(scale).map((date) => (
          <span key={date} className={classes["grid"]} style={{ left: `${place(scale, date)}%` }} />
        ))}
        <span
          className={classes["anchor"]}
          style={{ left: `${place(scale, version.anchor_date_used)}%` }}
          title={`Anchor ${day(version.anchor_date_used)}`}
        />
        <span className={classes["today"]} style={{ left: `${place(scale, today)}%` }} />
        <ol className={classes["visits"]} aria-label={`Visits of version ${version.version_number}`}>
          {visits.map((visit, at) => (
            <Mark key={visit.id} visit={visit} scale={scale} row={rows[at] ?? 0} />
          ))}
        </ol>
      </div>
    </div>
  );
}

/** What a visit's mark says in words. */
export function told(visit: Visit): string {
  const parts = [
    `${visit.label}: ${lookOf(visit.state).word.toLowerCase()}`,
    `target ${day(visit.scheduled_date)}`,
    `window ${span(visit.window_start, visit.window_end)}`,
  ];
  if (visit.actual_visit_date) parts.push(`took place ${day(visit.actual_visit_date)}`);
  return parts.join(", ");
}

function Mark({ visit, scale, row }: { visit: Visit; scale: Scale; row: number }) {
  const { tone, shape: Shape } = lookOf(visit.state);
  const start = place(scale, visit.window_start);
  const width = place(scale, addDays(visit.window_end, 1)) - start;
  const target = place(scale, visit.scheduled_date);
  const at = place(scale, visit.actual_visit_date ?? visit.scheduled_date);
  const text = told(visit);
  return (
    <li data-tone={tone} data-state={visit.state}>
      <span className={classes["window"]} style={{ left: `${start}%`, width: `${width}%` }} />
      <span className={classes["target"]} style={{ left: `${target}%` }} />
      <a className={classes["mark"]} href={`#${visit.id}`} style={{ left: `${at}%` }} aria-label={text} title={text}>
        <Shape size={18} aria-hidden />
      </a>
      <span className={classes["name"]} style={{ left: `${target}%`, top: 30 + 16 * row }} aria-hidden>
        {visit.label}
      </span>
    </li>
  );
}

function Legend() {
  return (
    <div className={classes["legend"]}>
      {["completed", "due", "overdue", "upcoming", "missed", "cancelled"].map((state) => (
        <Status key={state} of={state} />
      ))}
      <span className={classes["legendMark"]}>
        <span className={classes["legendWindow"]} /> window, with its target
      </span>
      <span className={classes["legendMark"]}>
        <span className={classes["legendAnchor"]} /> anchor date
      </span>
    </div>
  );
}
