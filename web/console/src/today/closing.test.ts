import { expect, test } from "vitest";
import { closing } from "./VisitList";

const visit = { window_start: "2026-11-23", window_end: "2026-11-25" };

test("a visit says where the day stands in its window", () => {
  expect(closing(visit, "2026-11-22", "upcoming")).toBe("opens tomorrow");
  expect(closing(visit, "2026-11-23", "due")).toBe("closes in 2 days");
  expect(closing(visit, "2026-11-25", "due")).toBe("closes today");
  expect(closing(visit, "2026-11-26", "overdue")).toBe("closed 1 day ago");
});
