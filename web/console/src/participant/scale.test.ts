import { expect, test } from "vitest";
import { addDays, months, place, rowsFor, scaleOf } from "./scale";

test("a scale holds all of its days with room at both ends", () => {
  const scale = scaleOf(["2026-12-01", "2026-11-23", "2027-03-15"]);
  expect(place(scale, "2026-11-23")).toBeGreaterThan(0);
  expect(place(scale, "2027-03-15")).toBeLessThan(100);
  expect(place(scale, addDays(scale.from, scale.days))).toBe(100);
});

test("the clocks' changing makes no day longer", () => {
  const scale = scaleOf(["2026-10-24", "2026-10-27"]);
  const width = (date: string) => place(scale, addDays(date, 1)) - place(scale, date);
  expect(width("2026-10-25")).toBeCloseTo(width("2026-10-24"));
});

test("months are named over the turn of a year, and not too many of them", () => {
  expect(months(scaleOf(["2026-11-23", "2027-02-10"]))).toEqual(["2026-12-01", "2027-01-01", "2027-02-01"]);
  expect(months(scaleOf(["2020-01-01", "2029-12-31"])).length).toBeLessThanOrEqual(10);
});

test("names that would cover each other go to further rows", () => {
  expect(rowsFor([0, 5, 12, 50], 9)).toEqual([0, 1, 0, 0]);
  expect(rowsFor([0, 1, 2], 9)).toEqual([0, 1, 2]);
});
