/** What is recorded of one trial, and how an answer is judged. Pure. */

/** An answer sooner than this after the stimulus was begun before it was seen. */
export const ANTICIPATION_MS = 100;
/** Whoever has not answered by then has missed the stimulus. */
export const LIMIT_MS = 5_000;
export const FOREPERIOD_MS = { least: 500, most: 1_500 } as const;
export const PRACTICE_TRIALS = 5;
export const TEST_TRIALS = 20;

export type Block = "practice" | "test";
export type Outcome = "response" | "anticipation" | "miss" | "interrupted";
export type Input = "touch" | "mouse" | "pen" | "keyboard";

export interface Trial {
  block: Block;
  /** Its place in the block, from 1; a trial repeated after an interruption keeps its place. */
  place: number;
  /** From the cross to the stimulus, as planned. */
  foreperiod_ms: number;
  outcome: Outcome;
  /** From the frame that drew the stimulus; none for a miss, and for an answer before the stimulus. */
  rt_ms: number | null;
  input: Input | null;
  /** When the trial ended, since the page was opened. */
  ended_ms: number;
  simulated: boolean;
}

/** `rt` is none when nothing was answered, negative when the answer came before the stimulus. */
export function judge(rt: number | null): Exclude<Outcome, "interrupted"> {
  if (rt === null || rt > LIMIT_MS) return "miss";
  return rt < ANTICIPATION_MS ? "anticipation" : "response";
}

/** How many trials of a block stand; an interrupted one is done again. */
export function standing(trials: readonly Trial[], block: Block): Trial[] {
  return trials.filter((trial) => trial.block === block && trial.outcome !== "interrupted");
}
