/**
 * One result on its way, and what an answer of the server makes of it. Pure.
 *
 *     saved ──stored──▶ sent ──synced──▶ (received by the study)
 *       │ ▲
 *       │ └─ unreachable, 429, 5xx: later, with the same key and the same body
 *       └─ refused ──a person tries again──▶ saved
 */
import type { Schemas } from "@metricis/api";

export type Submission = Schemas["Submission"];
export type SyncStatus = Schemas["SubmissionStored"]["sync_status"];

export interface Entry {
  /** Made before the task began; the server stores one result per key. */
  submission_key: string;
  owner: string;
  task: string;
  visit_id: string | null;
  label: string | null;
  completed_at: string;
  state: "saved" | "sent" | "refused";
  /** Exactly what is sent, each time; gone from the device once the server has it. */
  body: Submission | null;
  attempts: number;
  /** Not before this moment, in milliseconds. */
  next_at: number;
  /** What the server said against it. */
  reason: string | null;
  sync_status: SyncStatus | null;
}

export type Answer =
  | { kind: "stored"; sync_status: SyncStatus }
  | { kind: "refused"; status: number; reason: string; retry_after_s: number | null }
  | { kind: "unreachable" };

/** A conflict may be of the moment; after this many it is not. */
export const CONFLICTS = 3;
/** No wait is longer: one that seems so was begun by a clock that has been set back since. */
const LONGEST_ASKED_MS = 60 * 60_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;
/** Asking a line that is down costs nobody anything, and it may be back at any moment. */
const LONGEST_WAIT_FOR_LINE_MS = 30_000;

export function settle(entry: Entry, answer: Answer, now: number, chance: number): Entry {
  if (answer.kind === "stored") {
    return { ...entry, state: "sent", body: null, reason: null, sync_status: answer.sync_status };
  }
  const attempts = entry.attempts + 1;
  if (answer.kind === "refused" && isFinal(answer.status, attempts)) {
    return { ...entry, attempts, state: "refused", reason: answer.reason };
  }
  const asked = answer.kind === "refused" ? Math.min((answer.retry_after_s ?? 0) * 1_000, LONGEST_ASKED_MS) : 0;
  const longest = answer.kind === "unreachable" ? LONGEST_WAIT_FOR_LINE_MS : LONGEST_WAIT_MS;
  return { ...entry, attempts, next_at: now + Math.max(asked, wait(attempts, chance, longest)) };
}

/** Whether sending the same again cannot help. */
function isFinal(status: number, attempts: number): boolean {
  if (status === 409) return attempts >= CONFLICTS;
  return status < 500 && status !== 408 && status !== 425 && status !== 429;
}

/** How long an entry still waits before it may be sent. */
export function waitOf({ next_at }: Entry, now: number): number {
  const left = next_at - now;
  return left > LONGEST_ASKED_MS ? 0 : Math.max(0, left);
}

/** Doubles, up to the longest; spread over half of it, so that devices do not return together. */
function wait(attempts: number, chance: number, longest: number): number {
  const whole = Math.min(FIRST_WAIT_MS * 2 ** (attempts - 1), longest);
  return whole / 2 + (whole / 2) * chance;
}

export function isUnsent(entry: Entry): boolean {
  return entry.state !== "sent";
}

/** A person asks for another try. */
export function tryAgain(entry: Entry): Entry {
  return entry.state === "sent" ? entry : { ...entry, state: "saved", attempts: 0, next_at: 0, reason: null };
}
