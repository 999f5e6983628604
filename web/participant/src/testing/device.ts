/** A device of its own for each test, and what is put on it. */
import "fake-indexeddb/auto";
import { type Device, openDevice } from "../device/store";
import type { Submission } from "../outbox/entry";
import { keepResult } from "../outbox/outbox";
import { keepDraft, newDraft } from "../task/draft";

let count = 0;

export function newDevice(): Promise<Device> {
  count += 1;
  return openDevice(`device ${count}`, () => undefined);
}

const part = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");

/** As the server makes them; nobody here checks the signature. */
export function tokenOf(owner: string): string {
  return `${part({ alg: "HS256" })}.${part({ sub: owner })}.signature`;
}

export function submission(key: string, minute = 0): Submission {
  const at = new Date(Date.UTC(2026, 10, 23, 12, minute)).toISOString();
  const results = { median_ms: 251.5, trial_data: [{ rt_ms: 251.5 }] };
  return {
    submission_key: key,
    task: "reaction_time",
    visit_id: "v1",
    started_at: at,
    completed_at: at,
    results: results as unknown as Submission["results"],
  };
}

export async function finish(device: Device, owner: string, key: string, minute = 0): Promise<void> {
  const draft = newDraft({ owner, task: "reaction_time", visit_id: "v1" }, new Date());
  await keepDraft(device, { ...draft, submission_key: key });
  await keepResult(device, { owner, label: "Week 1", body: submission(key, minute), draft: draft.key });
}
