/** What came of a call of REDCap, in words: the server's reasons and nothing else. */
import type { EventSyncShown, TestShown } from "./redcap";

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
  if (sync.error) return { tone: "bad", title: "Nothing was changed", lines: [sync.error] };
  const without = sync.unscheduled.join(", ");
  const lines = [
    ...(sync.message ? [`REDCap's project is a ${sync.message}.`] : []),
    ...(without ? [`Without a day in REDCap, so without a window: ${without}.`] : []),
    ...sync.problems,
  ];
  const title = `${sync.created} created, ${sync.updated} updated, ${sync.retired} retired`;
  return { tone: sync.problems.length > 0 ? "warn" : "good", title, lines };
}
