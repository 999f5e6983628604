/** One tab has a task open; a new version of the app waits for all of them. */
import { TASK_OPEN } from "../update/worker";

/** Runs `within` while this tab alone has the task; none when another has it. */
export async function holdTask<T>(key: string, within: () => Promise<T>): Promise<T | null> {
  if (!("locks" in navigator)) return within();
  const held = await navigator.locks.request(`metricis-task ${key}`, { ifAvailable: true }, (lock) =>
    lock ? navigator.locks.request(TASK_OPEN, { mode: "shared" }, within) : null,
  );
  return held as T | null;
}
