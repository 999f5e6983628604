/** Scoring of the simple reaction time task. Pure. */
import { standing, type Trial } from "./trial";

export interface Score {
  /** Over the responses only; none without one. */
  median_ms: number | null;
  mean_ms: number | null;
  /** Of the sample (n − 1); none with fewer than two responses. */
  sd_ms: number | null;
  misses: number;
  anticipations: number;
  responses: number;
  trials: number;
}

/** Practice and interrupted trials do not count. */
export function scoreTrials(trials: readonly Trial[]): Score {
  const counted = standing(trials, "test");
  const times = counted.flatMap((trial) => (trial.outcome === "response" && trial.rt_ms !== null ? [trial.rt_ms] : []));
  return {
    median_ms: tenths(median(times)),
    mean_ms: tenths(mean(times)),
    sd_ms: tenths(deviation(times)),
    misses: counted.filter((trial) => trial.outcome === "miss").length,
    anticipations: counted.filter((trial) => trial.outcome === "anticipation").length,
    responses: times.length,
    trials: counted.length,
  };
}

function median(times: readonly number[]): number | null {
  const sorted = times.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}

function mean(times: readonly number[]): number | null {
  return times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0) / times.length;
}

function deviation(times: readonly number[]): number | null {
  const middle = mean(times);
  if (middle === null || times.length < 2) return null;
  const squares = times.reduce((sum, time) => sum + (time - middle) ** 2, 0);
  return Math.sqrt(squares / (times.length - 1));
}

/** Browsers tell time to a tenth of a millisecond at best. */
function tenths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
