/** What comes next, and what may be said of it. */
import { expect, test } from "vitest";
import type { Entry, SyncStatus } from "../outbox/entry";
import { change, entriesOf, noteReceipts } from "../outbox/outbox";
import { stateOf } from "../parts/sign";
import { finish, newDevice } from "../testing/device";
import { dayInWords, lastDayBefore, momentInWords } from "../words/dates";
import { agendaOf, surveyState, type Task } from "./agenda";
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
  expect(agendaOf([], [], NOW)).toEqual({ next: null, after: [], later: [], answered: [] });
});

test("a survey waits for its link, is opened by it, and is done when REDCap says so", () => {
  const survey = (told: Partial<Task>) => task("v", { kind: "survey", task: "mood", ...told });
  const link = "https://redcap.example.edu/surveys/?s=OWN";
  const cases = [
    [{ link: null, link_ready: false }, "waiting"],
    [{ link: null, link_ready: true }, "far"],
    [{ link, link_ready: true }, "open"],
    [{ link: "javascript:alert(1)", link_ready: true }, "far"],
    [{ link: null, link_ready: true, done: true }, "done"],
  ] as const;
  for (const [told, state] of cases) expect(surveyState(survey(told))).toBe(state);
  const { next, answered } = agendaOf([survey({ done: true }), task("w", { done: true })], [], NOW);
  expect([next, answered.map((done) => done.task)]).toEqual([null, ["mood"]]);
});

const sent = (submission_key: string, sync_status: SyncStatus) =>
  ({ submission_key, state: "sent", sync_status }) as Entry;

test("each result is told what the server says of it, and nothing when the server does not name it", () => {
  const known = receipts({ sessions: [{ submission_key: "a", sync_status: "synced" }] });
  expect([known(sent("a", "pending")), known(sent("b", "pending"))]).toEqual(["synced", null]);
});

test("what the server says is noted for results that were sent, and is news once", async () => {
  const device = await newDevice();
  await finish(device, "pia", "a");
  await finish(device, "pia", "b");
  await change(device, "a", (entry) => ({ ...entry, state: "sent", sync_status: "pending" }));
  const known = receipts({ sessions: ["a", "b"].map((submission_key) => ({ submission_key, sync_status: "failed" })) });
  expect([await noteReceipts(device, "pia", known), await noteReceipts(device, "pia", known)]).toEqual([true, false]);
  const told = (await entriesOf(device, "pia")).map(({ submission_key, ...entry }) => [submission_key, stateOf(entry)]);
  expect(told.toSorted()).toEqual([
    ["a", "failed"],
    ["b", "saved"],
  ]);
});

const counts = (pending_count: number) => ({ failed_count: 0, pending_count });

test("the state is asked for again soon while a result is on its way, and not while a failure waits for a person", () => {
  expect(isSoonNews(counts(1), [])).toBe(true);
  expect(isSoonNews(counts(0), [sent("a", "pending")])).toBe(true);
  expect(isSoonNews(undefined, [sent("a", "pending")])).toBe(true);
  expect(isSoonNews(counts(0), [sent("a", "failed"), sent("b", "synced")])).toBe(false);
  expect(isSoonNews(undefined, [])).toBe(false);
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
