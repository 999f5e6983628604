/** From the first trial to the result on this device. Nothing is invented: what was not played is not there. */
import type { Device } from "../device/store";
import type { Submission } from "../outbox/entry";
import { type Finished, keepResult } from "../outbox/outbox";
import { type Draft, keepDraft, keepTrials } from "./draft";
import type { TaskModule } from "./registry";

export interface Play {
  device: Device;
  draft: Draft;
  label: string | null;
  language: string;
  simulation: "visual" | "data-only" | null;
  leave: () => void;
  signal: AbortSignal;
  now: () => Date;
}

/** `left`: broken off, the draft stays. `gone`: the draft is not there any more. `held`: complete, but the device refuses to keep it. */
export type Played = { kind: "kept" | "left" | "gone" } | { kind: "held"; finished: Finished };

export async function play(task: Pick<TaskModule, "runTask">, host: HTMLElement, told: Play): Promise<Played> {
  const { device, draft, label, language, simulation, leave, signal, now } = told;
  // Before the first trial, so that a device which cannot save says so while nothing is lost.
  await keepDraft(device, draft);
  const trials = [...draft.trials];
  let kept: Promise<unknown> = Promise.resolve();
  const results = await task.runTask(host, {
    language,
    simulation,
    leave,
    signal,
    seed: draft.seed,
    before: draft.trials as never,
    keep: (trial) => {
      trials.push(trial);
      const all = [...trials];
      // One that cannot be kept is kept with the next, or with the result: what was done is not thrown away for it.
      kept = kept.then(() => keepTrials(device, draft, all, now())).catch(() => undefined);
    },
  });
  await kept;
  if (!results) return { kind: "left" };
  const body: Submission = {
    submission_key: draft.submission_key,
    task: draft.task,
    visit_id: draft.visit_id,
    started_at: draft.started_at,
    completed_at: notBefore(draft, now()).toISOString(),
    results: JSON.parse(JSON.stringify(results)) as Submission["results"],
  };
  const finished: Finished = { owner: draft.owner, label, body, draft: draft.key };
  try {
    return { kind: (await keepResult(device, finished)) ? "kept" : "gone" };
  } catch {
    return { kind: "held", finished };
  }
}

/** A clock that was set back during the task must not make a result that ends before it begins. */
function notBefore({ started_at, saved_at }: Draft, now: Date): Date {
  return new Date(Math.max(now.getTime(), Date.parse(started_at), Date.parse(saved_at)));
}
