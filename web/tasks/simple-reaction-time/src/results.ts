/** What is submitted: the score at the top, where a study maps it from, and everything that it was computed from. Pure. */
import type { Device } from "./device";
import { type Score, scoreTrials } from "./score";
import type { Input, Trial } from "./trial";

/** Counts up when the procedure changes in a way that an analysis must know. */
export const TASK_VERSION = "1.0.0";

export interface Results extends Score {
  task_version: string;
  seed: string;
  language: string;
  /** Trials that were broken off and done again. */
  interruptions: number;
  /** Continued after the page was closed. */
  resumed: boolean;
  simulated: boolean;
  inputs: Input[];
  device: Device;
  trial_data: Trial[];
}

interface About {
  seed: string;
  language: string;
  device: Device;
  resumed: boolean;
}

export function resultsOf(trials: readonly Trial[], about: About): Results {
  return {
    ...scoreTrials(trials),
    task_version: TASK_VERSION,
    ...about,
    interruptions: trials.filter((trial) => trial.outcome === "interrupted").length,
    simulated: trials.some((trial) => trial.simulated),
    inputs: [...new Set(trials.flatMap((trial) => trial.input ?? []))].toSorted(),
    trial_data: [...trials],
  };
}
