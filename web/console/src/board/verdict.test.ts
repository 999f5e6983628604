import { expect, test } from "vitest";
import { verdict } from "./Board";

test("a draft or paused study is told why it cannot go on, an active one that it must be seen to", () => {
  expect(verdict("draft", 15, 3)).toBe("This study is a draft and cannot be activated: 3 of 15 rows are red");
  expect(verdict("paused", 15, 1)).toBe("This study is paused and cannot be resumed: 1 of 15 rows is red");
  expect(verdict("active", 15, 1)).toContain("see to them now");
  expect(verdict("draft", 15, 0)).toBe("All 15 rows are green; the study is draft: it can be activated");
});
