import { expect, test } from "vitest";
import { step } from "./roving";
import { offsets } from "./rows";

const extent = { rows: 10_000, columns: 13, page: 15 };

test("arrows stop at the edges", () => {
  expect(step("ArrowUp", false, { row: 0, column: 3 }, extent)).toEqual({ row: 0, column: 3 });
  expect(step("ArrowRight", false, { row: 0, column: 12 }, extent)).toEqual({ row: 0, column: 12 });
  expect(step("ArrowDown", false, { row: 4, column: 3 }, extent)).toEqual({ row: 5, column: 3 });
});

test("Home and End move in the row, with Ctrl in the whole grid", () => {
  expect(step("End", false, { row: 7, column: 3 }, extent)).toEqual({ row: 7, column: 12 });
  expect(step("End", true, { row: 7, column: 3 }, extent)).toEqual({ row: 9_999, column: 12 });
  expect(step("Home", true, { row: 7, column: 3 }, extent)).toEqual({ row: 0, column: 0 });
});

test("a page key goes no further than the last row", () => {
  expect(step("PageDown", false, { row: 9_990, column: 0 }, extent)).toEqual({ row: 9_999, column: 0 });
});

test("other keys stay the browser's", () => {
  expect(step("Tab", false, { row: 0, column: 0 }, extent)).toBeNull();
  expect(step("a", false, { row: 0, column: 0 }, extent)).toBeNull();
});

test("rows in sight ask only for the pages that hold them", () => {
  expect(offsets(0, 20)).toEqual([0]);
  expect(offsets(95, 117)).toEqual([0, 100]);
  expect(offsets(9_980, 9_999)).toEqual([9_900]);
});
