/** What a participant does during a trial: answer by touch or key, or interrupt it by leaving or pausing. */
import type { Input } from "../trial";
import type { Stage } from "./stage";

export interface Heard {
  /** `time` is the event's own, on the clock of `performance.now()`. */
  answer(time: number, input: Input): void;
  interruption(): void;
}

const KEYS = new Set([" ", "Enter"]);

export function hear(stage: Stage, signal: AbortSignal, heard: Heard): void {
  const pointer = (event: PointerEvent) => {
    event.preventDefault();
    heard.answer(event.timeStamp, inputOf(event.pointerType));
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape") return heard.interruption();
    if (!KEYS.has(event.key) || event.target === stage.pause) return;
    event.preventDefault();
    // A key held down from the trial before is no answer to this one.
    if (!event.repeat) heard.answer(event.timeStamp, "keyboard");
  };
  const hidden = () => {
    if (document.hidden) heard.interruption();
  };
  stage.field.addEventListener("pointerdown", pointer, { signal });
  stage.pause.addEventListener("click", heard.interruption, { signal });
  // On the way down: the keys that jsPsych's simulation presses do not come up again.
  document.addEventListener("keydown", key, { signal, capture: true });
  document.addEventListener("visibilitychange", hidden, { signal });
  // Another window in front: what is answered there cannot be heard here.
  addEventListener("blur", heard.interruption, { signal });
  if (document.hidden) queueMicrotask(heard.interruption);
}

function inputOf(pointer: string): Input {
  return pointer === "touch" || pointer === "pen" ? pointer : "mouse";
}
