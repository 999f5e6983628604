import { expect, test } from "vitest";
import { fits } from "./Events";
import { type Event, failureWords } from "./events";

test("why an event failed is said in words; what the server says in its own words stays", () => {
  expect(failureWords("api_error: REDCap failed (status 500)")).toBe(
    "REDCap did not answer as it should: REDCap failed (status 500)",
  );
  expect(failureWords("study paused: enrolment halted")).toBe("study paused: enrolment halted");
});

test("events that hang are narrowed like those that failed", () => {
  const event = { source: "redcap_det", record_id: "R-04", instrument: "enrollment" } as Event;
  expect(fits(event)).toBe(true);
  expect(fits(event, "redcap_det", "r-0")).toBe(true);
  expect(fits(event, "redcap_det", "ENROLL")).toBe(true);
  expect(fits(event, "reconcile")).toBe(false);
  expect(fits(event, undefined, "R-05")).toBe(false);
});
