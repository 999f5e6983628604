/** Which task a study's name stands for; the code of a task is loaded when it is begun. */
export type TaskModule = typeof import("@metricis/task-simple-reaction-time");

const TASKS: Record<string, () => Promise<TaskModule>> = {
  reaction_time: () => import("@metricis/task-simple-reaction-time"),
  simple_reaction_time: () => import("@metricis/task-simple-reaction-time"),
};

export function isKnown(task: string): boolean {
  return Object.hasOwn(TASKS, task);
}

export function loadTask(task: string): Promise<TaskModule> {
  const load = TASKS[task];
  return load ? load() : Promise.reject(new Error("unknown task"));
}
