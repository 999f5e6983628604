import { expect, test } from "vitest";
import { syncOutcome, testOutcome } from "./outcome";

const job = "0";
const answered = {
  success: true,
  job,
  problems: [],
  version: "14.9.1",
  project_id: 18,
  project_title: "Trial",
  is_longitudinal: true,
};
const synced = { success: true, job, created: 4, updated: 1, retired: 0, unscheduled: [], problems: [] };

test("a test that REDCap answered says who answered", () => {
  expect(testOutcome(answered)).toEqual({
    tone: "good",
    title: "REDCap answered",
    lines: ["Version 14.9.1, project 18 “Trial”, longitudinal."],
  });
});

test("a test that finds settings which do not fit names each of them", () => {
  const found = testOutcome({ ...answered, success: false, problems: ["no instrument enrolment", "no field arm"] });
  expect(found.tone).toBe("warn");
  expect(found.lines.slice(1)).toEqual(["no instrument enrolment", "no field arm"]);
});

test("a test that failed says why, in the server's words", () => {
  const failed = { success: false, job, problems: [], error_type: "api_error" as const, error: "REDCap answered 503" };
  expect(testOutcome(failed)).toEqual({ tone: "bad", title: "The test failed", lines: ["REDCap answered 503"] });
});

test("an event sync says what it made", () => {
  expect(syncOutcome(synced)).toEqual({ tone: "good", title: "4 created, 1 updated, 0 retired", lines: [] });
});

test("an event sync with problems names them, and what has no day", () => {
  const found = syncOutcome({ ...synced, unscheduled: ["unplanned_arm_1"], problems: ["no field arm"] });
  expect(found).toMatchObject({ tone: "warn", title: "4 created, 1 updated, 0 retired" });
  expect(found.lines).toEqual(["Without a day in REDCap, so without a window: unplanned_arm_1.", "no field arm"]);
});

test("a classic project is said to be one", () => {
  const classic = { ...synced, created: 0, updated: 0, message: "classic project: no events to schedule" };
  expect(syncOutcome(classic).lines).toEqual(["REDCap's project is a classic project: no events to schedule."]);
});

test("an event sync that failed says why and that nothing was changed", () => {
  const failed = { ...synced, success: false, created: 0, updated: 0, error: "an event has the arm number 0" };
  expect(syncOutcome(failed)).toEqual({
    tone: "bad",
    title: "Nothing was changed",
    lines: ["an event has the arm number 0"],
  });
});
