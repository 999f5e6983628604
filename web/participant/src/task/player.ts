/**
 * A task on the page, apart from how the page shows it.
 *
 *     looking ─▶ absent | elsewhere | interrupted | playing
 *     interrupted ──a person goes on, or begins again──▶ playing
 *     playing ─▶ done | gone | unloaded | unkept
 *        └─▶ held ──kept after all──▶ done
 *              └─────sent from here──▶ delivered
 */
import { hasRoom } from "../device/store";
import type { Finished } from "../outbox/outbox";
import { submit } from "../portal/api";
import type { App } from "../session/app";
import { isReplaced } from "../update/worker";
import { type Draft, draftKey, newDraft, type Place, readDraft } from "./draft";
import { holdTask } from "./open";
import { play } from "./play";
import { loadTask, type TaskModule } from "./registry";
import { rescue } from "./rescue";
import { allowedSimulation } from "./simulation";

export type PlayerState =
  | "looking"
  | "absent"
  | "elsewhere"
  | "interrupted"
  | "playing"
  | "held"
  | "done"
  | "delivered"
  | "gone"
  | "unloaded"
  | "unkept";

export interface Told {
  app: App;
  place: Place;
  token: string;
  label: string | null;
  language: string;
  open: boolean;
  /** Shows another page; what was played stays as a draft. */
  leave: () => void;
}

export interface Shown {
  state(state: PlayerState): void;
  draft(draft: Draft): void;
  /** Answers with the draft to play: the one before, or a new one. */
  choose(before: Draft): Promise<Draft>;
  /** Tells why a result is still in memory only; comes back when it is time to try again. */
  hold(reason: string | null): Promise<void>;
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
  const { app, place, label, language, leave } = told;
  const [task, simulation] = await Promise.all([load(place.task), allowedSimulation(location.search)]);
  const before = await readDraft(app.device, place);
  const draft = before && before.trials.length > 0 ? await shown.choose(before) : newDraft(place, new Date());
  if (signal.aborted) return "looking";
  if (!(await hasRoom(app.device))) return "unkept";
  // Asked for, not waited for: a browser that may clear storage when space is short should spare this one.
  void navigator.storage?.persist?.().catch(() => false);
  shown.draft(draft);
  shown.state("playing");
  const { device } = app;
  const played = await play(task, host, { device, draft, label, language, simulation, leave, signal, now: clock });
  const state = played.kind === "held" ? await hold(told, played.finished, shown, signal) : AFTER[played.kind];
  app.signal.tell();
  app.uploadNow();
  return state;
}

const AFTER = { kept: "done", left: "looking", gone: "gone" } as const;

/** Within the task's lock, so that no new version of the app reloads the page while the result is nowhere else. */
async function hold(told: Told, finished: Finished, shown: Shown, signal: AbortSignal): Promise<PlayerState> {
  addEventListener("beforeunload", ask);
  try {
    for (;;) {
      const rescued = await rescue(told.app.device, finished, (body) => submit(body, told.token));
      if (rescued.kind !== "held") return rescued.kind === "kept" ? "done" : "delivered";
      if (signal.aborted) return "looking";
      await shown.hold(rescued.reason);
    }
  } finally {
    removeEventListener("beforeunload", ask);
  }
}

/** The browser asks whether the page may really be closed. */
function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function clock(): Date {
  return new Date();
}
