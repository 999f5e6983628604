/** The four operations in the words of their buttons and lists. */
import type { Schemas } from "@metricis/api";
import type { Diff, FormDeletion, Import, Init, Push } from "./operation";

const counted = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** Whether a dictionary stays as it is. */
export const unchanged = (diff: Diff): boolean =>
  diff.fields_added.length + diff.fields_removed.length + diff.fields_changed.length === 0 && !diff.order_changed;

/** What a dictionary's change comes to. */
export function diffWords(diff: Diff): string {
  const parts = [
    ...(diff.fields_added.length > 0 ? [`add ${counted(diff.fields_added.length, "field")}`] : []),
    ...(diff.fields_changed.length > 0 ? [`change ${counted(diff.fields_changed.length, "field")}`] : []),
    ...(diff.fields_removed.length > 0 ? [`remove ${counted(diff.fields_removed.length, "field")}`] : []),
    ...(diff.order_changed ? ["put fields in another order"] : []),
  ];
  return parts.length === 0 ? "change nothing" : parts.join(", ");
}

export const pushDeed = ({ diff }: Push): string => `Push the dictionary: ${diffWords(diff)}`;

/** What of the stored values goes, or null when none does. */
export function pushLoss({ diff, losses }: Push): string | null {
  const held = losses.filter(({ records }) => records > 0);
  if (held.length > 0) {
    const most = Math.max(...held.map(({ records }) => records));
    return `Stored values go for good: of ${counted(held.length, "field or choice", "fields or choices")}, in up to ${counted(most, "record")}.`;
  }
  if (diff.fields_removed.length === 0) return null;
  return `${counted(diff.fields_removed.length, "field goes", "fields go")} from REDCap for good. No record holds a value there now.`;
}

const STEPS: Record<Schemas["InitStepShown"], string> = {
  settings: "the project's settings",
  dictionary: "the dictionary",
  arms: "arms",
  events: "events",
  form_event_mapping: "which form is collected when",
  repeating: "what repeats",
};

export const initDeed = ({ steps }: Init): string =>
  `Set up the project: write ${steps.map((step) => STEPS[step]).join(", ")}`;

/** An empty project may still have a design that somebody has worked on. */
export function initLoss({ dictionary }: Init): string | null {
  const gone = dictionary.fields_removed.length;
  if (gone === 0) return null;
  return `${counted(gone, "field", "fields")} of the project's present design ${gone === 1 ? "goes" : "go"} for good.`;
}

export const deletionDeed = ({ form, fields, records }: FormDeletion): string =>
  `Delete ${form}: ${counted(fields.length, "field")}${records > 0 ? ` and what ${counted(records, "record holds", "records hold")} in it` : ""}`;

export const deletionLoss = ({ form, records }: FormDeletion): string =>
  records > 0
    ? `What ${counted(records, "record holds", "records hold")} in ${form} goes for good.`
    : `${form} goes from REDCap for good. No record holds data in it now.`;

/** How many records an import would enroll. */
export const enrolls = ({ counts }: Import): number => counts["enrol"] ?? 0;

export const importDeed = (found: Import): string => `Enroll ${counted(enrolls(found), "record")}`;

const OUTCOMES: Record<Schemas["ImportOutcomeShown"], string> = {
  enrol: "Becomes a participant",
  known: "Is a participant already",
  not_complete: "Enrollment form not complete",
  refused: "Cannot be enrolled",
  left_to_event: "Left to its event, which waits or has failed",
  absent: "Not in REDCap",
};

export const outcomeWords = (outcome: Schemas["ImportOutcomeShown"]): string => OUTCOMES[outcome];

const isOutcome = (name: string): name is Schemas["ImportOutcomeShown"] => name in OUTCOMES;

/** How many records of each outcome there are, those that need a person first. */
export function importCounts({ counts }: Import): string[] {
  const order = ["refused", "absent", "left_to_event", "enrol", "known", "not_complete"];
  return order.flatMap((name) => {
    const n = counts[name] ?? 0;
    return n > 0 && isOutcome(name) ? [`${outcomeWords(name)}: ${n}`] : [];
  });
}

/** The names of records, one on a line or between commas; none means all. */
export function recordNames(text: string): string[] {
  const names = text.split(/[\n,;]/).map((name) => name.trim());
  return [...new Set(names.filter(Boolean))];
}

/** A design as a file has it: REDCap's CSV alone, or JSON with arms, events and the rest beside it; or why it is none. */
export function designOf(text: string, name: string): Schemas["Design"] | string {
  if (!name.toLowerCase().endsWith(".json")) return { dictionary: text };
  try {
    const design: unknown = JSON.parse(text);
    if (
      typeof design === "object" &&
      design !== null &&
      "dictionary" in design &&
      typeof design.dictionary === "string"
    ) {
      return design as Schemas["Design"];
    }
    return `${name} names no dictionary: it needs REDCap's CSV as the text of “dictionary”`;
  } catch (cause) {
    return `${name} cannot be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
