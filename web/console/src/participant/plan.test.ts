import { expect, test } from "vitest";
import { madeWords } from "./ConsentDialog";
import type { Visit } from "./participant";
import { type AnchorPlan, baseOf, deed } from "./plan";
import { lines } from "./PlanShown";

const plan: AnchorPlan = {
  supersede: "version-1",
  next_version_number: 2,
  from: "2026-11-23",
  to: "2026-11-26",
  reconcile: [{ visit: "done", original_target_date: "2026-11-23" }],
  review: ["done"],
  cancel: ["week-1", "week-4"],
  flag_missed: [],
  left_missed: [],
  create: [
    { window: "w1", event_name: "week_1", target: "2026-12-03", window_start: "2026-12-02", window_end: "2026-12-05" },
  ],
  counts: { reconciled: 1, cancelled: 2, flagged: 0, created: 1 },
};

test("the button of a move says all that it does", () => {
  expect(deed(plan)).toBe(
    "Move anchor: supersede version 1, cancel 2 pending visits, keep 1 completed visit, create 1",
  );
});

test("a plan that makes no visit says so", () => {
  const none = { ...plan, create: [], counts: { reconciled: 0, cancelled: 1, flagged: 2, created: 0 } };
  expect(deed(none)).toBe(
    "Move anchor: supersede version 1, cancel 1 pending visit, flag 2 missed visits, create none",
  );
});

const visit = (id: string, event: string) => ({ id, event_name: event, label: id, status: "pending" }) as Visit;

test("a cancelled visit stands beside the one that takes its place, or alone", () => {
  const shown = lines(plan, [visit("week-1", "week_1"), visit("week-4", "week_4")]);
  expect(shown.map(({ label, before, after }) => [label, before?.id, after?.target])).toEqual([
    ["week-4", "week-4", undefined],
    ["week-1", "week-1", "2026-12-03"],
  ]);
});

test("a plan is for the version that it was made for", () => {
  expect(baseOf(plan)).toBe(1);
});

test("visits that a consent has made are counted", () => {
  expect([0, 1, 2].map(madeWords)).toEqual([
    "No visit was waiting for it.",
    "1 visit was made.",
    "2 visits were made.",
  ]);
});
