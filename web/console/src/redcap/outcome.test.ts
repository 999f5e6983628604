import { expect, test } from "vitest";
import { linksOutcome, syncOutcome, testOutcome } from "./outcome";

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
const nothing = { renamed: 0, visits_added: 0, visits_differing: 0, visits_without_event: 0 };
const synced = { success: true, job, created: 4, updated: 1, retired: 0, ...nothing, unscheduled: [], problems: [] };

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

test("an event sync says what became of visits, and what a person is to look at", () => {
  const followed = syncOutcome({ ...synced, renamed: 2, visits_added: 7 });
  expect(followed).toEqual({
    tone: "good",
    title: "4 created, 1 updated, 0 retired, 2 renamed",
    lines: ["7 visits were added for people who are enrolled already."],
  });
  expect(syncOutcome({ ...synced, visits_differing: 3, visits_without_event: 1 })).toMatchObject({
    tone: "warn",
    lines: [
      "1 pending visit stands in an event that REDCap no longer has.",
      "3 pending visits have other dates than REDCap's offsets say now.",
    ],
  });
});

test("a sync that failed on our side does not say that nothing was changed", () => {
  const failed = { ...synced, success: false, error_type: "exception" as const, error: "the database is away" };
  expect(syncOutcome(failed).title).toBe("The sync did not end: sync again");
});

test("a fetch of survey links says how many came, and how many REDCap refuses", () => {
  const links = { success: true, job, fetched: 3, refused: 0, more: false };
  expect(linksOutcome(links)).toEqual({ tone: "good", title: "3 survey links fetched", lines: [] });
  expect(linksOutcome({ ...links, fetched: 1, refused: 2, more: true })).toEqual({
    tone: "warn",
    title: "1 survey link fetched",
    lines: ["2 surveys have no link; the participant's page says why.", "There are more; they are being fetched."],
  });
  expect(linksOutcome({ ...links, success: false, error: "REDCap answered 503" }).tone).toBe("bad");
});
