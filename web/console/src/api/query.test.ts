import { expect, test } from "vitest";
import { shouldRetry } from "./query";
import { Refusal } from "./refusal";

const refused = (status: number) => new Refusal(status, "refused", "");

test("an unreachable or overwhelmed server is asked again, twice", () => {
  for (const status of [0, 429, 502, 503]) {
    expect([0, 1, 2].map((count) => shouldRetry(count, refused(status)))).toEqual([true, true, false]);
  }
});

test("a refusal is shown at once, and so is an error of the page itself", () => {
  for (const status of [401, 403, 404, 409, 422, 500]) expect(shouldRetry(0, refused(status))).toBe(false);
  expect(shouldRetry(0, new TypeError("no function"))).toBe(false);
});
