/**
 * Brings results to the server: one uploader over all tabs, each result with its own key and the same body every time.
 *
 * A tab that dies while sending leaves the entry `saved`; its lock falls with it and the next tab sends again. The server
 * answers the second time with what it stored the first time.
 */
import type { Device } from "../device/store";
import { currentSession, endSession, type Session } from "../session/session";
import { type Answer, type Entry, settle, type Submission, waitOf } from "./entry";
import { change, entriesOf } from "./outbox";

export interface Uploader {
  device: Device;
  send: (body: Submission, token: string) => Promise<Answer>;
  /** None where the browser has no locks: then the key alone keeps results single. */
  locks: Pick<LockManager, "request"> | null;
  now: () => number;
  chance: () => number;
  changed: () => void;
}

export type Ended = "done" | "busy" | "signed-out" | "unreachable";

const LOCK = "metricis-outbox";

/** `patient` waits for the tab that uploads at the moment, and then sends what is left. */
export async function upload(uploader: Uploader, patient = false): Promise<Ended> {
  if (!uploader.locks) return sendAll(uploader);
  const ended = await uploader.locks.request(LOCK, { ifAvailable: !patient }, (lock) =>
    lock ? sendAll(uploader) : ("busy" as const),
  );
  return ended as Ended;
}

async function sendAll(uploader: Uploader): Promise<Ended> {
  for (;;) {
    // Asked again each time: the session may have ended, or be another participant's now.
    const session = await currentSession(uploader.device);
    if (!session || session.over) return "signed-out";
    const entry = await nextDue(uploader, session);
    if (!entry?.body) return "done";
    const ended = await sendOne(uploader, session, entry, entry.body);
    if (ended) return ended;
  }
}

async function nextDue({ device, now }: Uploader, { owner }: Session): Promise<Entry | undefined> {
  const entries = await entriesOf(device, owner);
  return entries.findLast((entry) => entry.state === "saved" && waitOf(entry, now()) === 0);
}

async function sendOne(
  { device, send, now, chance, changed }: Uploader,
  { token }: Session,
  entry: Entry,
  body: Submission,
): Promise<Ended | null> {
  const answer = await send(body, token);
  if (answer.kind === "refused" && answer.status === 401) {
    // The next turn finds the session over, or another that has begun meanwhile.
    await endSession(device, token);
    changed();
    return null;
  }
  const asOf = now();
  const spread = chance();
  await change(device, entry.submission_key, (kept) => settle(kept, answer, asOf, spread));
  changed();
  return answer.kind === "unreachable" ? "unreachable" : null;
}
