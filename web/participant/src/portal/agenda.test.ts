/** What comes next, and what may be said of it. */
import { expect, test } from "vitest";
import type { Entry } from "../outbox/entry";
import { stateOf } from "../parts/sign";
import { dayInWords, lastDayBefore, momentInWords } from "../words/dates";
import { agendaOf, type Task } from "./agenda";
import { isSoonNews, receipts } from "./receipts";
import { type Visit, visitState } from "./schedule";

const NOW = Date.parse("2026-11-23T12:00:00Z");

function task(visit_id: string | null, told: Partial<Task> = {}): Task {
  const window = { opens_at: "2026-11-22T23:00:00Z", closes_at: "2026-11-25T23:00:00Z" };
  return { kind: "assessment", task: "reaction_time", visit_id, open: true, done: false, ...window, ...told };
}

const visit = (told: Partial<Visit>): Visit => ({
  visit_id: "v",
  label: "Week 1",
  status: "pending",
  target_date: "2026-11-23",
  window_start: "2026-11-22",
  window_end: "2026-11-24",
  opens_at: "2026-11-21T23:00:00Z",
  closes_at: "2026-11-24T23:00:00Z",
  done: false,
  ...told,
});

const ids = (tasks: readonly Task[]) => tasks.map(({ visit_id }) => visit_id);

test("consent first, then what closes first; what is done, over or done on this device is gone", () => {
  const tasks = [
    task("late", { closes_at: "2026-11-27T23:00:00Z" }),
    task("soon"),
    task("done", { done: true }),
    task("mine"),
    task("over", { closes_at: "2026-11-23T11:00:00Z" }),
    task("next", { open: false, opens_at: "2026-12-01T23:00:00Z" }),
    task("opened", { open: false, opens_at: "2026-11-23T11:00:00Z", closes_at: "2026-11-28T23:00:00Z" }),
    task(null, { kind: "consent", task: "consent", opens_at: null, closes_at: null }),
  ];
  const mine = { visit_id: "mine", task: "reaction_time" } as Entry;
  const { next, after, later } = agendaOf(tasks, [mine], NOW);
  expect([next?.kind, ids(after), ids(later)]).toEqual(["consent", ["soon", "late", "opened"], ["next"]]);
  expect(agendaOf([], [], NOW)).toEqual({ next: null, after: [], later: [] });
});

test("received is said only when the server's counts leave no other reading", () => {
  const entry = { state: "sent", sync_status: "pending" } as Entry;
  const said = (failed_count: number, pending_count: number) => receipts({ failed_count, pending_count })(entry);
  expect([said(0, 0), said(1, 0), said(0, 1), said(2, 3)]).toEqual(["synced", null, null, null]);
});

const soon = (failed_count: number, pending_count: number, isWaiting: boolean) =>
  isSoonNews({ failed_count, pending_count }, isWaiting);

test("the state is asked for again soon while a result is on its way, and not while a failure waits for a person", () => {
  expect([soon(0, 1, false), soon(0, 0, true), soon(1, 1, true)]).toEqual([true, true, true]);
  expect([soon(0, 0, false), soon(1, 0, true)]).toEqual([false, false]);
  expect([isSoonNews(undefined, true), isSoonNews(undefined, false)]).toEqual([true, false]);
});

test("a result's words follow what is known of it", () => {
  const cases = [
    ["saved", null, "saved"],
    ["refused", null, "refused"],
    ["sent", "pending", "sent"],
    ["sent", "synced", "received"],
    ["sent", "failed", "failed"],
  ] as const;
  for (const [state, sync_status, words] of cases) expect(stateOf({ state, sync_status })).toBe(words);
});

test("a visit is done, open, coming, missed, over or cancelled", () => {
  const state = (told: Partial<Visit>, now = NOW) => visitState(visit(told), now);
  expect([state({ done: true }), state({ status: "completed" }), state({ status: "missed" })]).toEqual([
    "done",
    "done",
    "missed",
  ]);
  expect(state({ status: "cancelled" })).toBe("cancelled");
  expect([state({}), state({}, NOW - 3 * 86_400_000), state({}, NOW + 3 * 86_400_000)]).toEqual([
    "open",
    "coming",
    "over",
  ]);
});

test("days are the study's, moments are told in its zone", () => {
  expect(dayInWords("2026-11-23", "en")).toBe("Mon, November 23");
  expect(dayInWords("2026-11-23", "fr")).toBe("lun. 23 novembre");
  expect(lastDayBefore("2026-11-23T23:00:00Z", "en", "Europe/Zurich")).toBe("Mon, November 23");
  expect(momentInWords(new Date("2026-11-23T23:30:00Z"), "fr", "Europe/Zurich")).toContain("mar. 24 novembre");
});
