/**
 * A task on the page, apart from how the page shows it.
 *
 *     looking ─▶ absent | elsewhere | interrupted | playing
 *     interrupted ──a person goes on, or begins again──▶ playing
 *     playing ─▶ done | unloaded | unkept
 */
import type { App } from "../session/app";
import { isReplaced } from "../update/worker";
import { type Draft, draftKey, newDraft, type Place, readDraft } from "./draft";
import { holdTask } from "./open";
import { play } from "./play";
import { loadTask, type TaskModule } from "./registry";
import { allowedSimulation } from "./simulation";

export type PlayerState =
  "looking" | "absent" | "elsewhere" | "interrupted" | "playing" | "done" | "unloaded" | "unkept";

export interface Told {
  app: App;
  place: Place;
  label: string | null;
  language: string;
  open: boolean;
}

export interface Shown {
  state(state: PlayerState): void;
  draft(draft: Draft): void;
  /** Answers with the draft to play: the one before, or a new one. */
  choose(before: Draft): Promise<Draft>;
}

export async function runPlayer(told: Told, host: HTMLElement, shown: Shown, signal: AbortSignal): Promise<void> {
  const end = (state: PlayerState) => signal.aborted || shown.state(state);
  if (!told.open) return void end("absent");
  try {
    const ended = await holdTask(draftKey(told.place), () => course(told, host, shown, signal));
    end(ended ?? "elsewhere");
  } catch (fault) {
    // The device's own refusals are `DOMException`s; all else is code that did not come.
    end(fault instanceof DOMException ? "unkept" : "unloaded");
  }
}

/** The new version has its own; nothing has begun yet that loading the page anew could lose. */
async function load(task: string): Promise<TaskModule> {
  try {
    return await loadTask(task);
  } catch (fault) {
    if (isReplaced()) location.reload();
    throw fault;
  }
}

async function course(told: Told, host: HTMLElement, shown: Shown, signal: AbortSignal): Promise<PlayerState> {
  const { app, place, label, language } = told;
  const [task, simulation] = await Promise.all([load(place.task), allowedSimulation(location.search)]);
  const before = await readDraft(app.device, place);
  const draft = before && before.trials.length > 0 ? await shown.choose(before) : newDraft(place, new Date());
  if (signal.aborted) return "looking";
  // Asked for, not waited for: a browser that may clear storage when space is short should spare this one.
  void navigator.storage?.persist?.().catch(() => false);
  shown.draft(draft);
  shown.state("playing");
  const done = await play(task, host, { device: app.device, draft, label, language, simulation, signal, now: clock });
  app.signal.tell();
  app.uploadNow();
  return done ? "done" : "looking";
}

function clock(): Date {
  return new Date();
}
