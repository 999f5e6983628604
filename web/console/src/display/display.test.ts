import { expect, test } from "vitest";
import { fieldReasons } from "./Reasons";
import { lookOf } from "./Status";
import { duration, moment, nextDay, span, startOfDay } from "./When";

test("a moment is told in the study's time zone", () => {
  expect(moment("2026-11-23T23:06:55Z", "Europe/Zurich")).toBe("24 Nov 2026, 00:06:55");
  expect(moment("2026-11-23T23:06:55Z", "America/New_York")).toBe("23 Nov 2026, 18:06:55");
});

test("a span leaves out what both ends share", () => {
  expect(span("2026-12-02", "2026-12-05")).toBe("2 – 5 Dec 2026");
  expect(span("2026-11-29", "2026-12-02")).toBe("29 Nov – 2 Dec 2026");
  expect(span("2026-12-30", "2027-01-05")).toBe("30 Dec 2026 – 5 Jan 2027");
  expect(span("2026-12-30", "2026-12-30")).toBe("30 Dec 2026");
});

test("a duration has its two largest units", () => {
  expect([duration(59), duration(3599), duration(7500), duration(90_000)]).toEqual([
    "59 s",
    "59 min",
    "2 h 5 min",
    "1 d 1 h",
  ]);
});

test("REDCap's reasons are told field by field", () => {
  const message =
    "REDCap refused 2 values: record R-04, field rt_mean_ms: not a number; really; record R-04, field rt_sd: too big";
  expect(fieldReasons(message)).toEqual([
    { field: "rt_mean_ms", reason: "not a number; really" },
    { field: "rt_sd", reason: "too big" },
  ]);
  expect(fieldReasons("no answer within 30 s")).toEqual([]);
});

test("an unknown status is shown by its own word", () => {
  expect(lookOf("half_done").word).toBe("Half done");
});

test("a day begins when the study's clock says so, also on the days when it is set", () => {
  expect(startOfDay("2026-11-24", "Europe/Zurich")).toBe("2026-11-23T23:00:00.000Z");
  expect(startOfDay("2026-10-25", "Europe/Zurich")).toBe("2026-10-24T22:00:00.000Z");
  expect(startOfDay("2026-10-26", "Europe/Zurich")).toBe("2026-10-25T23:00:00.000Z");
  expect(startOfDay("2026-11-24", "America/New_York")).toBe("2026-11-24T05:00:00.000Z");
  expect(nextDay("2026-12-31")).toBe("2027-01-01");
});
