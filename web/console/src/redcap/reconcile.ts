/** A reconcile: how far the last one came, the order for a new one, and what came of it in words. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { studyQuery } from "../api/query";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import { cameOf } from "./redcap";

export type Reconciled = Schemas["ReconcileShown"];

export interface ReconcileOrder {
  full: boolean;
  dry_run: boolean;
  /** A person's word that what is missing without an explanation was deleted with its log. */
  absent_as_deleted?: boolean;
}

export const reconcileQuery = (study: string) =>
  studyQuery(study, ["redcap", "settings", "events", "participants"], ["reconcile"], () =>
    take(api.GET("/api/studies/{study_id}/reconcile", { params: { path: { study_id: study } } })),
  );

/** Compares REDCap's records with ours, as a person ordered. */
export function useReconcile() {
  const { id: study } = useStudy();
  return useOrder<ReconcileOrder, Reconciled>({
    run: async (body) => {
      const params = { path: { study_id: study } };
      const answer = await take(api.POST("/api/studies/{study_id}/reconcile", { params, body }));
      return cameOf(study, answer, (job) => job.reconcile);
    },
    topics: ["redcap", "events", "participants", "visits", "breaker"],
    quiet: true,
  });
}

const counted = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

/** The outcome as a whole: a headline, how it is to be taken, and how much was looked at. */
export function headline(found: Reconciled): { tone: "good" | "warn" | "bad"; title: string; read: string } {
  const { counts, dry_run: dry } = found;
  const read = `${counted(found.listed, "record")} listed by REDCap, ${found.full ? "all" : found.examined} of them read.`;
  if (found.error)
    return { tone: "bad", title: dry ? "The preview failed" : "The reconcile failed", read: found.error };
  const events = counts.missing + counts.changed;
  const open = counts.waiting + counts.held + counts.unexplained;
  const parts = [
    ...(events > 0 ? [counted(events, "event")] : []),
    ...(counts.flags > 0 ? [counted(counts.flags, "flag")] : []),
    ...(open > 0 ? [`${counted(open, "record")} to look at`] : []),
  ];
  const tone = open + counts.flags > 0 || !found.success ? "warn" : "good";
  const nothing = found.success ? "Every record is as it is here" : "Not every record could be taken in";
  if (parts.length === 0) return { tone, title: nothing, read };
  return { tone, title: `${dry ? "It would come to: " : ""}${listed(parts)}`, read };
}

/** `a, b and c`. */
export function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}

/** Names that a person can take in, and how many more there are of them in all. */
export function named(names: readonly string[], total: number): string {
  const SHOWN = 20;
  const shown = names.slice(0, SHOWN);
  return total > shown.length ? `${shown.join(", ")} and ${total - shown.length} more` : shown.join(", ");
}

/** Whether the outcome leaves records that a person may know to be deleted; a preview comes before the run that says so. */
export function mayBeDeleted({ counts, dry_run: dry, error }: Reconciled): boolean {
  return !dry && !error && counts.unexplained > 0;
}
