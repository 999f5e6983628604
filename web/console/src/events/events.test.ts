import { expect, test } from "vitest";
import { failureWords } from "./events";

test("why an event failed is said in words; what the server says in its own words stays", () => {
  expect(failureWords("api_error: REDCap failed (status 500)")).toBe(
    "REDCap did not answer as it should: REDCap failed (status 500)",
  );
  expect(failureWords("study paused: enrolment halted")).toBe("study paused: enrolment halted");
});
