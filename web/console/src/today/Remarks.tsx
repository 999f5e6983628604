/** What else is not as it should be, each in one sentence with what to do; nothing when all is well. */
import { AnchorLink } from "../display/links";
import { List } from "@mantine/core";
import type { Schemas } from "@metricis/api";
import type { ReactNode } from "react";
import { Callout } from "../display/Notice";
import { duration, When } from "../display/When";
import { type StudyDetail, useStudy } from "../study/study";

type Dashboard = Schemas["DashboardShown"];

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** Remarks about the machinery; they need an operator. */
export function machinery(dashboard: Dashboard): string[] {
  const said: string[] = [];
  if (dashboard.live_workers === 0) {
    said.push(
      "No worker is running: nothing is synced and no event is applied. Ask the operator to start `metricis worker`.",
    );
  }
  if (dashboard.jobs_late && dashboard.oldest_job_s) {
    said.push(
      `The oldest of ${count(dashboard.jobs_queued, "job", "jobs")} has waited ${duration(dashboard.oldest_job_s)}.`,
    );
  }
  if (dashboard.events_late && dashboard.oldest_event_s) {
    said.push(`The oldest event of REDCap waits for ${duration(dashboard.oldest_event_s)} to be applied.`);
  }
  if (dashboard.refused_for_rate > 0) {
    said.push(
      `${count(dashboard.refused_for_rate, "event was", "events were")} refused for the rate; a reconcile reads them again.`,
    );
  }
  if (dashboard.reconcile_wanted)
    said.push("A reconcile is wanted: it compares REDCap's records with those here. The REDCap page has it.");
  return said;
}

/** What a study does not do in its status; the board says what keeps it from going on. */
export function idleWords(status: StudyDetail["status"]): string | null {
  if (status === "draft") return "This study is a draft. What keeps it from being activated:";
  if (status === "paused")
    return "This study is paused: nobody is enrolled, and an enrollment form saved in REDCap fails until it is resumed:";
  return null;
}

export function Remarks({ dashboard }: { dashboard: Dashboard }) {
  const study = useStudy();
  const said: ReactNode[] = machinery(dashboard);
  const idle = idleWords(study.detail.status);
  if (idle) {
    said.unshift(
      <>
        {idle}{" "}
        <AnchorLink to="/studies/$study/board" params={{ study: study.code }} size="sm" underline="always">
          see the board
        </AnchorLink>
      </>,
    );
  }
  if (dashboard.pending_over_15_min > 0) {
    said.push(
      <>
        {count(dashboard.pending_over_15_min, "result has", "results have")} waited over 15 minutes for REDCap
        {dashboard.oldest_pending && (
          <>
            , the oldest since <When at={dashboard.oldest_pending} />
          </>
        )}
        .
      </>,
    );
  }
  if (dashboard.participants_to_review > 0) {
    said.push(
      <>
        {count(dashboard.participants_to_review, "participant", "participants")} to look at:{" "}
        <AnchorLink
          to="/studies/$study/participants"
          params={{ study: study.code }}
          search={{ review: true }}
          size="sm"
          underline="always"
        >
          show who and why
        </AnchorLink>
      </>,
    );
  }
  if (dashboard.troubled_rereads > 0) {
    said.push(`${count(dashboard.troubled_rereads, "re-read", "re-reads")} of a record failed or hang: see Events.`);
  }
  if (said.length === 0) return null;
  return (
    <Callout tone={dashboard.live_workers === 0 ? "bad" : "warn"}>
      <List size="sm" spacing={4}>
        {said.map((remark, at) => (
          // The remarks have no identity but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <List.Item key={at}>{remark}</List.Item>
        ))}
      </List>
    </Callout>
  );
}
