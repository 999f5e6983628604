/** One trial: a cross, a foreperiod, a circle, an answer. Ends exactly once, whatever comes first. */
import { type JsPsych, type JsPsychPlugin, ParameterType, type TrialType } from "jspsych";
import { type Block, type Input, judge, LIMIT_MS, type Outcome, type Trial } from "../trial";
import type { Words } from "../words";
import { hear } from "./answers";
import { drawStage, type Stage } from "./stage";

const FEEDBACK_MS = 900;

const info = {
  name: "reaction",
  version: "1.0.0",
  parameters: {
    block: { type: ParameterType.STRING, default: undefined },
    place: { type: ParameterType.INT, default: undefined },
    foreperiod_ms: { type: ParameterType.INT, default: undefined },
    round: { type: ParameterType.STRING, default: undefined },
    words: { type: ParameterType.COMPLEX, default: undefined },
    /** What a simulated participant does: milliseconds from the stimulus, negative before it, none for nothing. */
    simulated_rt: { type: ParameterType.FLOAT, default: null },
  },
  data: {},
} as const;

type Info = typeof info;
type Parameters = TrialType<Info>;

export class ReactionPlugin implements JsPsychPlugin<Info> {
  static info = info;
  readonly #jsPsych: JsPsych;

  constructor(jsPsych: JsPsych) {
    this.#jsPsych = jsPsych;
  }

  trial(display: HTMLElement, trial: Parameters): void {
    this.#play(display, trial, false);
  }

  simulate(trial: Parameters, mode: "data-only" | "visual", _options: unknown, loaded?: () => void): void {
    const rt = simulatedRt(trial);
    if (mode === "data-only") {
      loaded?.();
      return this.#finish({ ...record(trial, judge(rt), rt, rt === null ? null : "keyboard"), simulated: true });
    }
    this.#play(this.#jsPsych.getDisplayElement(), trial, true);
    loaded?.();
    if (rt !== null) this.#jsPsych.pluginAPI.pressKey(" ", (trial.foreperiod_ms ?? 0) + rt);
  }

  #play(display: HTMLElement, trial: Parameters, simulated: boolean): void {
    const stage = drawStage(display, trial.words as Words, trial.round ?? "");
    const over = new AbortController();
    let onset: number | null = null;
    const end = (outcome: Outcome, rt: number | null, input: Input | null) => {
      if (over.signal.aborted) return;
      over.abort();
      this.#jsPsych.pluginAPI.clearAllTimeouts();
      this.#show(stage, trial, { ...record(trial, outcome, rt, input), simulated });
    };
    hear(stage, over.signal, {
      answer: (time, input) => end(onset === null ? "anticipation" : judge(time - onset), since(onset, time), input),
      interruption: () => end("interrupted", null, null),
    });
    const limit = () => end("miss", null, null);
    const present = (frame: number) => {
      if (over.signal.aborted) return;
      stage.showStimulus();
      onset = frame;
      this.#jsPsych.pluginAPI.setTimeout(limit, LIMIT_MS);
    };
    this.#jsPsych.pluginAPI.setTimeout(() => requestAnimationFrame(present), trial.foreperiod_ms ?? 0);
  }

  /** Practice teaches; the rounds that count only say what went wrong. */
  #show(stage: Stage, trial: Parameters, ended: Trial): void {
    const text = feedback(trial.words as Words, ended);
    if (text === null) return this.#finish(ended);
    stage.say(text);
    this.#jsPsych.pluginAPI.setTimeout(() => this.#finish(ended), FEEDBACK_MS);
  }

  #finish(ended: Trial): void {
    this.#jsPsych.finishTrial({ ...ended });
  }
}

function record(trial: Parameters, outcome: Outcome, rt: number | null, input: Input | null): Trial {
  return {
    block: trial.block as Block,
    place: trial.place ?? 0,
    foreperiod_ms: trial.foreperiod_ms ?? 0,
    outcome,
    rt_ms: rt === null || rt < 0 || outcome === "miss" ? null : Math.round(rt * 10) / 10,
    input,
    ended_ms: Math.round(performance.now()),
    simulated: false,
  };
}

function since(onset: number | null, time: number): number | null {
  return onset === null ? null : time - onset;
}

function feedback(words: Words, { block, outcome, rt_ms }: Trial): string | null {
  if (outcome === "anticipation") return words.too_early;
  if (outcome === "miss") return words.too_late;
  if (outcome === "interrupted" || block === "test" || rt_ms === null) return null;
  return words.faster(Math.round(rt_ms));
}

function simulatedRt(trial: Parameters): number | null {
  return (trial.simulated_rt as number | null | undefined) ?? null;
}
