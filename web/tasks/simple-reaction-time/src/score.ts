/** Scoring of the simple reaction time task. Pure. */
export function scoreTrials(): null {
  return null;
}
