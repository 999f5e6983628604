import type { Schemas } from "@metricis/api";
import { expect, test } from "vitest";
import { machinery } from "./Remarks";

const well = { live_workers: 1, jobs_queued: 0, refused_for_rate: 0, reconcile_wanted: false };
const dashboard = (part: Partial<Schemas["DashboardShown"]>) => ({ ...well, ...part }) as Schemas["DashboardShown"];

test("nothing is said when all is well", () => {
  expect(machinery(dashboard({ oldest_job_s: 900, oldest_event_s: 3 }))).toEqual([]);
});

test("a missing worker, waiting work and refused events are each said with what to do or how long", () => {
  const late = { jobs_late: true, events_late: true };
  const ill = {
    ...late,
    live_workers: 0,
    jobs_queued: 2,
    oldest_job_s: 3600,
    oldest_event_s: 1200,
    refused_for_rate: 1,
  };
  const said = machinery(dashboard(ill));
  expect(said[0]).toContain("No worker is running");
  expect(said[1]).toBe("The oldest of 2 jobs has waited 1 h 0 min.");
  expect(said[2]).toBe("The oldest event of REDCap waits for 20 min to be applied.");
  expect(said[3]).toContain("1 event was refused");
});
