/** From the first trial to the result on this device. Nothing is invented: what was not played is not there. */
import type { Device } from "../device/store";
import type { Submission } from "../outbox/entry";
import { keepResult } from "../outbox/outbox";
import { type Draft, keepDraft, keepTrial } from "./draft";
import type { TaskModule } from "./registry";

export interface Play {
  device: Device;
  draft: Draft;
  label: string | null;
  language: string;
  simulation: "visual" | "data-only" | null;
  signal: AbortSignal;
  now: () => Date;
}

/** False when it was broken off; the draft stays. */
export async function play(task: Pick<TaskModule, "runTask">, host: HTMLElement, told: Play): Promise<boolean> {
  const { device, draft, label, language, simulation, signal, now } = told;
  // Before the first trial, so that a device which cannot save says so while nothing is lost.
  await keepDraft(device, draft);
  let kept: Promise<unknown> = Promise.resolve();
  const results = await task.runTask(host, {
    language,
    simulation,
    signal,
    seed: draft.seed,
    before: draft.trials as never,
    keep: (trial) => {
      kept = kept.then(() => keepTrial(device, draft, trial, now()));
    },
  });
  await kept;
  if (!results) return false;
  const body: Submission = {
    submission_key: draft.submission_key,
    task: draft.task,
    visit_id: draft.visit_id,
    started_at: draft.started_at,
    completed_at: now().toISOString(),
    results: JSON.parse(JSON.stringify(results)) as Submission["results"],
  };
  await keepResult(device, { owner: draft.owner, label, body, draft: draft.key });
  return true;
}
