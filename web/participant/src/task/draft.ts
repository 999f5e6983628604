/** A task that has begun: its key, and every trial so far. It becomes a result, is continued, or is begun anew. */
import type { Device } from "../device/store";

export interface Draft {
  /** Participant, visit and task: one beginning of each. */
  key: string;
  owner: string;
  task: string;
  visit_id: string | null;
  submission_key: string;
  seed: string;
  started_at: string;
  saved_at: string;
  /** The task's own; opaque here. */
  trials: unknown[];
}

export interface Place {
  owner: string;
  task: string;
  visit_id: string | null;
}

export function draftKey({ owner, task, visit_id }: Place): string {
  return `${owner} ${visit_id ?? "-"} ${task}`;
}

export function newDraft(place: Place, now: Date): Draft {
  const { owner, task, visit_id } = place;
  const at = now.toISOString();
  const submission_key = crypto.randomUUID();
  return {
    key: draftKey(place),
    owner,
    task,
    visit_id,
    submission_key,
    seed: crypto.randomUUID(),
    started_at: at,
    saved_at: at,
    trials: [],
  };
}

export async function readDraft(device: Device, place: Place): Promise<Draft | null> {
  return (await device.get("drafts", draftKey(place))) ?? null;
}

export async function keepDraft(device: Device, draft: Draft): Promise<void> {
  await device.put("drafts", draft);
}

/** Keeps all trials so far, unless the draft has been begun anew or finished elsewhere. */
export async function keepTrials(device: Device, draft: Draft, trials: readonly unknown[], now: Date): Promise<void> {
  const tx = device.transaction("drafts", "readwrite");
  const kept = await tx.store.get(draft.key);
  if (kept?.submission_key === draft.submission_key) {
    await tx.store.put({ ...kept, saved_at: now.toISOString(), trials: [...trials] });
  }
  await tx.done;
}
