/** What one trial shows: the field to tap, the cross that becomes the circle, the round, a way to pause. */
import { element } from "../element";
import type { Words } from "../words";

export interface Stage {
  field: HTMLButtonElement;
  pause: HTMLButtonElement;
  showStimulus(): void;
  say(text: string): void;
}

export function drawStage(display: HTMLElement, words: Words, round: string): Stage {
  const mark = element("span", { class: "srt-mark", "aria-hidden": "true" });
  const said = element("span", { class: "srt-said", role: "status" });
  const field = element("button", { class: "srt-field", type: "button", "aria-label": words.field }, mark);
  const pause = element("button", { class: "srt-pause", type: "button" }, words.pause);
  const bar = element("div", { class: "srt-bar" }, element("span", { class: "srt-round" }, round), pause);
  display.replaceChildren(element("div", { class: "srt-stage" }, bar, field, said));
  field.focus({ preventScroll: true });
  return {
    field,
    pause,
    showStimulus: () => field.setAttribute("data-stimulus", "shown"),
    say: (text) => {
      field.setAttribute("data-stimulus", "over");
      said.textContent = text;
    },
  };
}
