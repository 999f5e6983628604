/** What the server says of the results that it has, one by one. Pure. */
import type { Schemas } from "@metricis/api";
import type { Entry, SyncStatus } from "../outbox/entry";

type Counts = Pick<Schemas["DataStatusShown"], "failed_count" | "pending_count">;
type Known = Pick<Schemas["OwnSession"], "submission_key" | "sync_status">;

/** None for a result that the list does not name: nothing new is known of it. */
export function receipts({ sessions }: { sessions: readonly Known[] }): (entry: Entry) => SyncStatus | null {
  const known = new Map(sessions.map(({ submission_key, sync_status }) => [submission_key, sync_status]));
  return ({ submission_key }) => known.get(submission_key) ?? null;
}

/** Whether there is anything to ask for: a result that was sent and is not known to have arrived. */
export function isUnderWay(entry: Entry): boolean {
  return entry.state === "sent" && entry.sync_status !== "synced";
}

/** Whether to ask again soon: not after a failure, which waits for a person. */
export function isSoonNews(counts: Counts | undefined, entries: readonly Entry[]): boolean {
  const isWaiting = entries.some((entry) => isUnderWay(entry) && entry.sync_status === "pending");
  return isWaiting || (counts?.pending_count ?? 0) > 0;
}
