import { expect, test } from "vitest";
import { recordOf } from "./record";

test("who is detached has no record, whatever stands in its place", () => {
  expect(recordOf({ external_id: "detached:0190c0de-0000-7000-8000-000000000000" })).toBe(null);
  expect(recordOf({ external_id: "S-7" })).toBe("S-7");
});
