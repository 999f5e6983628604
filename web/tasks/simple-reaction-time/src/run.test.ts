// @vitest-environment jsdom
/** The whole task, played by itself. */
import { beforeEach, expect, test, vi } from "vitest";
import { refreshRate } from "./device";
import { type Run, runTask } from "./run";
import { PRACTICE_TRIALS, standing, TEST_TRIALS, type Trial } from "./trial";
import { WORDS } from "./words";

beforeEach(() => {
  vi.stubGlobal("requestAnimationFrame", (call: FrameRequestCallback) => setTimeout(() => call(performance.now()), 1));
});

async function play(told: Partial<Run> = {}) {
  const kept: Trial[] = [];
  const host = document.body.appendChild(document.createElement("div"));
  const run: Run = {
    language: "en",
    seed: "a",
    before: [],
    keep: (trial) => kept.push(trial),
    simulation: "data-only",
    leave: () => undefined,
    signal: new AbortController().signal,
    ...told,
  };
  return { results: await runTask(host, run), kept };
}

const row = async (seed: string) => (await play({ seed })).kept.map((trial) => [trial.foreperiod_ms, trial.rt_ms]);

const spoken = (words: object) =>
  Object.entries(words).map(([name, said]) => [name, typeof said === "function" ? said(3, 20) : said] as const);

test("five for practice, twenty that count, each kept as it ends, and the results say that it was simulated", async () => {
  const { results, kept } = await play();
  expect(standing(kept, "practice")).toHaveLength(PRACTICE_TRIALS);
  expect(standing(kept, "test").map((trial) => trial.place)).toEqual(
    Array.from({ length: TEST_TRIALS }, (_, at) => at + 1),
  );
  expect(results).toMatchObject({ trials: TEST_TRIALS, simulated: true, seed: "a", resumed: false, interruptions: 0 });
  expect(results?.trial_data).toEqual(kept);
  expect(results?.device.user_agent).toContain("jsdom");
});

test("the same seed plays the same trials", async () => {
  expect(await row("a")).toEqual(await row("a"));
  expect(await row("b")).not.toEqual(await row("a"));
});

test("what was done before an interruption is continued, not repeated, in the same row of foreperiods", async () => {
  const whole = (await play()).kept;
  const before = whole.slice(0, PRACTICE_TRIALS + 7);
  const { results, kept } = await play({ before });
  expect(kept).toHaveLength(TEST_TRIALS - 7);
  expect(kept[0]?.place).toBe(8);
  expect(results?.trial_data.map((trial) => trial.foreperiod_ms)).toEqual(whole.map((trial) => trial.foreperiod_ms));
  expect(results).toMatchObject({ resumed: true, trials: TEST_TRIALS });
});

test("killed between the last trial and the end, nothing is played again", async () => {
  const { kept: before } = await play();
  const { results, kept } = await play({ before });
  expect(kept).toEqual([]);
  expect(results?.trial_data).toEqual(before);
});

test("broken off, there are no results", async () => {
  const leave = new AbortController();
  leave.abort();
  expect((await play({ signal: leave.signal })).results).toBeNull();
});

test("left for another time: what was played is kept, and there are no results", async () => {
  const going = new AbortController();
  const played = play({ simulation: null, leave: () => going.abort(), signal: going.signal });
  const leave = await vi.waitUntil(() => document.querySelector<HTMLElement>(".srt-leave"), { timeout: 5_000 });
  expect(leave.textContent).toBe(WORDS.en.not_now);
  leave.click();
  expect((await played).results).toBeNull();
});

test("the refresh rate is the median frame's", () => {
  expect(refreshRate([0, 16.7, 33.3, 50, 166, 182.7])).toBe(59.9);
  expect(refreshRate([5])).toBeNull();
});

test("both languages say the same things", () => {
  expect(Object.keys(WORDS.fr)).toEqual(Object.keys(WORDS.en));
  for (const [name, said] of [...spoken(WORDS.en), ...spoken(WORDS.fr)]) expect(said, name).toMatch(/\w/);
});
