/** The results that this device keeps, always asked for by their owner. */
import type { Device } from "../device/store";
import { type Entry, isUnsent, type Submission, type SyncStatus, tryAgain } from "./entry";

export interface Finished {
  owner: string;
  label: string | null;
  body: Submission;
  /** The draft that has become this result. */
  draft: string;
}

/**
 * Draft out, result in, in one step: a tab killed here has either the one or the other. False when the draft is gone: begun anew
 * in another tab, or its owner has signed out and was told that it would be lost.
 */
export async function keepResult(device: Device, finished: Finished): Promise<boolean> {
  const { body, draft } = finished;
  const tx = device.transaction(["drafts", "outbox"], "readwrite");
  const [drafts, outbox] = [tx.objectStore("drafts"), tx.objectStore("outbox")];
  // Two tabs that finish the same draft have one key: the first result stands.
  const before = await outbox.get(body.submission_key);
  const begun = (await drafts.get(draft))?.submission_key === body.submission_key;
  if (begun && !before) await outbox.add(entryOf(finished));
  if (begun) await drafts.delete(draft);
  await tx.done;
  return begun || !!before;
}

function entryOf({ body, owner, label }: Finished): Entry {
  return {
    submission_key: body.submission_key,
    owner,
    task: body.task,
    visit_id: body.visit_id ?? null,
    label,
    completed_at: body.completed_at,
    state: "saved",
    body,
    attempts: 0,
    next_at: 0,
    reason: null,
    sync_status: null,
  };
}

/** The newest first. */
export async function entriesOf(device: Device, owner: string): Promise<Entry[]> {
  const entries = await device.getAllFromIndex("outbox", "owner", owner);
  return entries.toSorted((a, b) => b.completed_at.localeCompare(a.completed_at));
}

/** How many results of others wait here for their owners. */
export async function countOfOthers(device: Device, owner: string): Promise<number> {
  return (await device.getAll("outbox")).filter((entry) => entry.owner !== owner && isUnsent(entry)).length;
}

/** Changes one entry if it is still there; signing out may have removed it. */
export async function change(device: Device, key: string, by: (entry: Entry) => Entry): Promise<void> {
  const tx = device.transaction("outbox", "readwrite");
  const entry = await tx.store.get(key);
  if (entry) await tx.store.put(by(entry));
  await tx.done;
}

/** A person asks to send now: refused ones too, and without waiting. */
export async function askAgain(device: Device, owner: string): Promise<void> {
  for (const entry of await entriesOf(device, owner)) await change(device, entry.submission_key, tryAgain);
}

/** What the server says of results that were sent; whether it was news. */
export async function noteReceipts(
  device: Device,
  owner: string,
  known: (entry: Entry) => SyncStatus | null,
): Promise<boolean> {
  let news = false;
  for (const { submission_key } of await entriesOf(device, owner)) {
    await change(device, submission_key, (entry) => {
      const told = entry.state === "sent" ? known(entry) : null;
      news ||= told !== null && told !== entry.sync_status;
      return told === null ? entry : { ...entry, sync_status: told };
    });
  }
  return news;
}
