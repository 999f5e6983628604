/** The simple reaction time task. */
export { scoreTrials } from "./score";
