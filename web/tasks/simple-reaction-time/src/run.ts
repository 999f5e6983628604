/** Plays the task in `host` and gives its results; what was done before an interruption is continued, not repeated. */
import { initJsPsych } from "jspsych";
import { type Device, readDevice } from "./device";
import { type Results, resultsOf } from "./results";
import { blocksOf, type Course } from "./timeline";
import type { Trial } from "./trial";
import { wordsOf } from "./words";

export type Simulation = "visual" | "data-only";

export interface Run {
  language: string;
  /** Decides the foreperiods; kept with the results. */
  seed: string;
  /** Trials of an interrupted run. */
  before: readonly Trial[];
  /** Called after each trial, before the next begins. */
  keep: (trial: Trial) => void;
  simulation: Simulation | null;
  /** The participant wants to go on another time; the answer is `signal`. */
  leave: () => void;
  /** Ends the run without results. */
  signal: AbortSignal;
}

/** None when `signal` ended it. */
export async function runTask(host: HTMLElement, run: Run): Promise<Results | null> {
  const device = await readDevice();
  if (run.signal.aborted) return null;
  const course: Course = { trials: [...run.before], words: wordsOf(run.language), seed: run.seed, leave: run.leave };
  const jsPsych = initJsPsych({
    display_element: host,
    on_trial_finish: (data: Partial<Trial>) => {
      if (data.block === undefined) return;
      const trial = trialOf(data as Trial);
      course.trials.push(trial);
      run.keep(trial);
    },
  });
  const abort = () => jsPsych.abortExperiment();
  run.signal.addEventListener("abort", abort, { once: true });
  const timeline = blocksOf(course, run.before.length > 0);
  // Killed after its last trial, a run has nothing left to play.
  if (timeline.length === 0) return finish(course, run, device);
  if (run.simulation) await jsPsych.simulate(timeline, run.simulation);
  else await jsPsych.run(timeline);
  run.signal.removeEventListener("abort", abort);
  if (run.signal.aborted) return null;
  return finish(course, run, device);
}

function finish({ trials }: Course, { seed, language, before }: Run, device: Device): Results {
  return resultsOf(trials, { seed, language, device, resumed: before.length > 0 });
}

/** Without what jsPsych adds to a row. */
function trialOf(row: Trial): Trial {
  const { block, place, foreperiod_ms, outcome, rt_ms, input, ended_ms, simulated } = row;
  return { block, place, foreperiod_ms, outcome, rt_ms, input, ended_ms, simulated };
}
