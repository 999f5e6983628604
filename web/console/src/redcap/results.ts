/** Where each task's results go as a form holds it, and the body that saves it. */
import type { Schemas } from "@metricis/api";
import { words } from "../display/Status";
import { type Form, same } from "./draft";
import { mappingOf, type Pair, pairsOf } from "./Pairs";
import type { RedcapShown } from "./redcap";

type TaskFields = Schemas["TaskFields"];

export interface TaskRows {
  task: string;
  instrument: string;
  pairs: Pair[];
}

/** The mapping to save, or what keeps it from being saved. */
export function taskMapping(rows: readonly TaskRows[]): Record<string, TaskFields> | string {
  const made: Record<string, TaskFields> = {};
  for (const { task, instrument, pairs } of rows) {
    const fields = mappingOf(pairs);
    if (typeof fields === "string") return `${words(task)}: ${fields}`;
    if (!instrument.trim()) return `${words(task)}: name the instrument`;
    if (Object.keys(fields).length === 0) return `${words(task)}: add a field, or remove the task`;
    made[task] = { instrument: instrument.trim(), fields };
  }
  return made;
}

export const resultsBody = (read: RedcapShown, mapping: Record<string, TaskFields>): Schemas["RedcapSettings"] => ({
  redcap_field_mapping: mapping,
  expected_digest: read.settings_digest,
});

export const resultsForm: Form<TaskRows[]> = {
  draftOf: ({ redcap_field_mapping: mapping }) =>
    Object.entries(mapping).map(([task, { instrument, fields }]) => ({ task, instrument, pairs: pairsOf(fields) })),
  differs: (read, rows) => {
    const mapping = taskMapping(rows);
    return typeof mapping === "string" || !same(mapping, read.redcap_field_mapping);
  },
};
