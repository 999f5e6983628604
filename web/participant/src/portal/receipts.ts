/** What the server's counts say of one result, and no more than they say. Pure. */
import type { Schemas } from "@metricis/api";
import type { Entry, SyncStatus } from "../outbox/entry";

type Counts = Pick<Schemas["DataStatusShown"], "failed_count" | "pending_count">;

/**
 * The counts are over all of the participant's results: when none has failed and none waits, each has been received;
 * when all that are not received have failed, a waiting one has failed or been received, and which is not known.
 */
export function receipts({ failed_count, pending_count }: Counts): (entry: Entry) => SyncStatus | null {
  return () => (failed_count === 0 && pending_count === 0 ? "synced" : null);
}

/** Whether to ask again soon: not after a failure, which waits for a person. `isWaiting`: a result here is not known to have arrived. */
export function isSoonNews(counts: Counts | undefined, isWaiting: boolean): boolean {
  if (!counts) return isWaiting;
  return counts.pending_count > 0 || (isWaiting && counts.failed_count === 0);
}
