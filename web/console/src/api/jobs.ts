/** Waits for REDCap's answer: a call answers at once (200) or names the job that will (202). */
import type { Schemas } from "@metricis/api";
import { Refusal } from "./refusal";

type Job = Schemas["JobShown"];

const POLL_MS = 1500;

const pause = (ms: number) =>
  new Promise<void>((done) => {
    setTimeout(done, ms);
  });

async function ask(address: string): Promise<Job> {
  const response = await fetch(address, { headers: { accept: "application/json" } });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw Refusal.from(response, body);
  return body as Job;
}

/** Asks each address until its job is done or failed. */
export async function settled(addresses: readonly string[]): Promise<Job[]> {
  return Promise.all(
    addresses.map(async (address) => {
      for (;;) {
        // One question at a time: the next one depends on this answer.
        // oxlint-disable-next-line no-await-in-loop
        const job = await ask(address);
        if (job.state === "done" || job.state === "failed") return job;
        // oxlint-disable-next-line no-await-in-loop
        await pause(POLL_MS);
      }
    }),
  );
}

/** Whether an answer names jobs instead of holding their result. */
export function isUnderWay(answer: object): answer is Schemas["JobsUnderWay"] {
  return "jobs" in answer && Array.isArray(answer.jobs);
}
