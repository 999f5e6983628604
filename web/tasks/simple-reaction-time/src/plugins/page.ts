/** A page to read with one button, and where it may be left another; built of elements, so that no text is ever read as HTML. */
import { type JsPsych, type JsPsychPlugin, ParameterType, type TrialType } from "jspsych";
import { element } from "../element";

const info = {
  name: "page",
  version: "1.0.0",
  parameters: {
    heading: { type: ParameterType.STRING, default: undefined },
    paragraphs: { type: ParameterType.STRING, array: true, default: [] },
    button: { type: ParameterType.STRING, default: undefined },
    leave: { type: ParameterType.STRING, default: null },
    /** Called when the participant leaves; the run is then ended from outside. */
    left: { type: ParameterType.FUNCTION, default: null },
  },
  data: {},
} as const;

type Info = typeof info;

export class PagePlugin implements JsPsychPlugin<Info> {
  static info = info;
  readonly #jsPsych: JsPsych;

  constructor(jsPsych: JsPsych) {
    this.#jsPsych = jsPsych;
  }

  trial(display: HTMLElement, trial: TrialType<Info>): void {
    const button = element("button", { class: "srt-button", type: "button" }, trial.button ?? "");
    button.addEventListener("click", () => this.#jsPsych.finishTrial({}), { once: true });
    const heading = element("h1", { tabindex: "-1" }, trial.heading ?? "");
    const paragraphs = (trial.paragraphs ?? []).map((text) => element("p", {}, text));
    const page = element("div", { class: "srt-page" }, heading, ...paragraphs, button);
    if (trial.leave) {
      const leave = element("button", { class: "srt-button srt-leave", type: "button" }, trial.leave);
      leave.addEventListener("click", () => trial.left?.(), { once: true });
      page.append(leave);
    }
    display.replaceChildren(page);
    // Screen readers start at the heading; Tab goes on to the button.
    heading.focus();
  }

  simulate(trial: TrialType<Info>, mode: "data-only" | "visual", _options: unknown, loaded?: () => void): void {
    if (mode === "data-only") {
      loaded?.();
      return this.#jsPsych.finishTrial({});
    }
    const display = this.#jsPsych.getDisplayElement();
    this.trial(display, trial);
    loaded?.();
    this.#jsPsych.pluginAPI.clickTarget(display.querySelector(".srt-button") ?? display, 400);
  }
}
