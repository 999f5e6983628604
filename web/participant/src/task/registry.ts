/** Which task a study's name stands for: its words, and its code, which is loaded when it is begun. */
export type TaskModule = typeof import("@metricis/task-simple-reaction-time");

interface Known {
  /** Its name in the words' `task`, with `_why` behind it for what to expect. */
  words: string;
  load: () => Promise<TaskModule>;
}

const reactionTime: Known = { words: "reaction_time", load: () => import("@metricis/task-simple-reaction-time") };

const TASKS: Record<string, Known> = { reaction_time: reactionTime, simple_reaction_time: reactionTime };

function known(task: string): Known | null {
  return Object.hasOwn(TASKS, task) ? (TASKS[task] ?? null) : null;
}

export function isKnown(task: string): boolean {
  return known(task) !== null;
}

/** None for a task that this app does not know. */
export function wordsOf(task: string): string | null {
  return known(task)?.words ?? null;
}

export function loadTask(task: string): Promise<TaskModule> {
  return known(task)?.load() ?? Promise.reject(new Error("unknown task"));
}
