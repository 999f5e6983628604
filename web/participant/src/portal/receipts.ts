/** What the server says of the results that it has, one by one. Pure but for the type of the answer. */
import type { Schemas } from "@metricis/api";
import type { Entry, SyncStatus } from "../outbox/entry";
import { type Said, get } from "./api";

type Counts = Pick<Schemas["DataStatusShown"], "failed_count" | "pending_count">;

export interface Sent {
  sessions: { submission_key: string; sync_status: SyncStatus }[];
}

export const readSent = (token: string): Promise<Said<Sent>> => get("/api/portal/sessions", token);

/** None for a result that the list does not name: nothing new is known of it. */
export function receipts({ sessions }: Sent): (entry: Entry) => SyncStatus | null {
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
