import type { Schemas } from "@metricis/api";
import { expect, test } from "vitest";
import { idleWords, machinery } from "./Remarks";
import { flagTileWords, waitingWords } from "./Tiles";

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

test("a study that does not run says so; one that runs says nothing", () => {
  expect(idleWords("draft")).toContain("What keeps it from being activated");
  expect(idleWords("paused")).toContain("nobody is enrolled");
  expect(idleWords("active")).toBeNull();
});

test("no event is called applied while one waits", () => {
  expect(waitingWords(0)).toBe("No event of REDCap has failed, hangs or waits.");
  expect(waitingWords(2)).toContain("2 events wait");
});

test("a record's fate is not called decided while a person has not decided", () => {
  expect(flagTileWords(0)).toBe("No record's fate in REDCap waits for a decision.");
  expect(flagTileWords(1)).toContain("A deletion, rename or move of a record in REDCap waits");
  expect(flagTileWords(3)).toContain("3 deletions, renames or moves of records in REDCap wait");
});
