/** What came of a call of REDCap, in words: the server's reasons and nothing else. */
import type { EventSyncShown, SurveyLinksShown, TestShown } from "./redcap";

export interface Outcome {
  /** Amber: REDCap answered, and something is to be looked at. */
  tone: "good" | "warn" | "bad";
  title: string;
  lines: string[];
}

export function testOutcome(test: TestShown): Outcome {
  if (test.error) return { tone: "bad", title: "The test failed", lines: [test.error] };
  const titled = test.project_title ? ` “${test.project_title}”` : "";
  const project = test.project_id ? `, project ${test.project_id}${titled}` : "";
  const answered = `Version ${test.version ?? "unknown"}${project}${test.is_longitudinal ? ", longitudinal" : ""}.`;
  if (test.problems.length === 0) return { tone: "good", title: "REDCap answered", lines: [answered] };
  return {
    tone: "warn",
    title: "REDCap answered, and the settings name what the project does not have",
    lines: [answered, ...test.problems],
  };
}

export function syncOutcome(sync: EventSyncShown): Outcome {
  if (sync.error) {
    // REDCap is asked before anything is written; what fails later is ours, and the next sync ends it.
    const title = sync.error_type === "exception" ? "The sync did not end: sync again" : "Nothing was changed";
    return { tone: "bad", title, lines: [sync.error] };
  }
  const without = sync.unscheduled.join(", ");
  const toLookAt = [
    ...counted(
      sync.visits_without_event,
      "pending visit stands",
      "pending visits stand",
      "in an event that REDCap no longer has",
    ),
    ...counted(
      sync.visits_differing,
      "pending visit has",
      "pending visits have",
      "other dates than REDCap's offsets say now",
    ),
    ...sync.problems,
  ];
  const lines = [
    ...(sync.message ? [`REDCap's project is a ${sync.message}.`] : []),
    ...counted(sync.visits_added, "visit was", "visits were", "added for people who are enrolled already"),
    ...(without ? [`Without a day in REDCap, so without a window: ${without}.`] : []),
    ...toLookAt,
  ];
  const renamed = sync.renamed > 0 ? `, ${sync.renamed} renamed` : "";
  const title = `${sync.created} created, ${sync.updated} updated, ${sync.retired} retired${renamed}`;
  return { tone: toLookAt.length > 0 ? "warn" : "good", title, lines };
}

export function linksOutcome(links: SurveyLinksShown): Outcome {
  if (links.error) return { tone: "bad", title: "Not all links were fetched", lines: [links.error] };
  const lines = [
    ...counted(links.refused, "survey has", "surveys have", "no link; the participant's page says why"),
    ...(links.more ? ["There are more; they are being fetched."] : []),
  ];
  const title = links.fetched === 1 ? "1 survey link fetched" : `${links.fetched} survey links fetched`;
  return { tone: links.refused > 0 ? "warn" : "good", title, lines };
}

function counted(count: number, one: string, many: string, rest: string): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many} ${rest}.`];
}
