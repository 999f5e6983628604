/** Waits for a job whose answer did not come with the request that ordered it. */
import type { Schemas } from "@metricis/api";
import { api, take } from "./client";
import { Refusal } from "./refusal";

export type Job = Schemas["JobShown"];

/** Pauses between the questions: some two minutes, and far fewer questions than a person may ask in that time. */
const PAUSES_MS = [1000, 2000, 4000, 8000, ...Array<number>(10).fill(10_000)];

const pause = (ms: number) =>
  new Promise<void>((done) => {
    setTimeout(done, ms);
  });

/** The job once it is done or has failed. */
export async function ended(study: string, job: string): Promise<Job> {
  const path = { study_id: study, job_id: job };
  for (const ms of PAUSES_MS) {
    // One question at a time: the next one depends on this answer.
    // oxlint-disable-next-line no-await-in-loop
    const shown = await take(api.GET("/api/studies/{study_id}/jobs/{job_id}", { params: { path } }));
    if (shown.state === "done" || shown.state === "failed") return shown;
    // oxlint-disable-next-line no-await-in-loop
    await pause(ms);
  }
  throw new Refusal(
    202,
    "There is no answer yet",
    "The order stands and goes on without this page. Today shows whether a worker is running and how long the oldest job has waited.",
  );
}

/** Whether an answer names jobs instead of holding their result. */
export function isUnderWay(answer: object): answer is Schemas["JobsUnderWay"] {
  return "jobs" in answer && Array.isArray(answer.jobs);
}
