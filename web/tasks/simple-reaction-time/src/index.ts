/** The simple reaction time task; everything here is loaded when it is begun, not before. */
import "./task.css";

export { type Run, runTask, type Simulation } from "./run";
export type { Results } from "./results";
export { PRACTICE_TRIALS, standing, TEST_TRIALS, type Trial } from "./trial";
