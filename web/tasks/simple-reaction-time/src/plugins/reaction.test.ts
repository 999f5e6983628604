// @vitest-environment jsdom
/** One trial, by what a participant does: it ends exactly once, and says why. */
import type { JsPsych } from "jspsych";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LIMIT_MS, type Trial } from "../trial";
import { WORDS } from "../words";
import { ReactionPlugin } from "./reaction";

const FOREPERIOD_MS = 600;
const ONSET = 10_000;
let ended: Trial[];
let display: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("requestAnimationFrame", (call: FrameRequestCallback) => call(ONSET));
  ended = [];
  display = document.body.appendChild(document.createElement("div"));
});

afterEach(() => {
  vi.useRealTimers();
  display.remove();
});

function begin(block: Trial["block"] = "test"): void {
  const timers: ReturnType<typeof setTimeout>[] = [];
  const pluginAPI = {
    setTimeout: (call: () => void, ms: number) => timers.push(setTimeout(call, ms)),
    clearAllTimeouts: () => timers.splice(0).forEach(clearTimeout),
  };
  const jsPsych = { pluginAPI, finishTrial: (trial: Trial) => ended.push(trial) } as unknown as JsPsych;
  const told = { block, place: 1, foreperiod_ms: FOREPERIOD_MS, round: "1", words: WORDS.en, simulated_rt: null };
  new ReactionPlugin(jsPsych).trial(display, told as never);
}

function fire(target: EventTarget, event: Event, at = 0): void {
  Object.defineProperty(event, "timeStamp", { value: at });
  target.dispatchEvent(event);
}

const field = () => display.querySelector(".srt-field") ?? display;
const touch = (at: number) => {
  const event = new MouseEvent("pointerdown", { cancelable: true });
  Object.defineProperty(event, "pointerType", { value: "touch" });
  fire(field(), event, at);
};
const press = (key: string, at: number, repeat = false) =>
  fire(document, new KeyboardEvent("keydown", { key, repeat }), at);
const settled = () => vi.runAllTimers();

test.each([
  ["touch", () => touch(ONSET + 251.26), "touch"],
  ["the space bar", () => press(" ", ONSET + 251.26), "keyboard"],
  ["Enter", () => press("Enter", ONSET + 251.26), "keyboard"],
  ["jsPsych's simulation", () => fire(display, new KeyboardEvent("keydown", { key: " " }), ONSET + 251.26), "keyboard"],
])("answered by %s: the time from the frame of the stimulus", (_name, act, input) => {
  begin();
  vi.advanceTimersByTime(FOREPERIOD_MS);
  expect(field().getAttribute("data-stimulus")).toBe("shown");
  act();
  settled();
  expect(ended).toMatchObject([{ outcome: "response", rt_ms: 251.3, input, foreperiod_ms: FOREPERIOD_MS }]);
});

test("before the stimulus, and sooner than anybody can see it, is an anticipation", () => {
  begin();
  vi.advanceTimersByTime(FOREPERIOD_MS - 1);
  touch(1);
  settled();
  begin();
  vi.advanceTimersByTime(FOREPERIOD_MS);
  touch(ONSET + 99);
  settled();
  expect(ended.map((trial) => [trial.outcome, trial.rt_ms])).toEqual([
    ["anticipation", null],
    ["anticipation", 99],
  ]);
});

test("no answer within the limit is a miss", () => {
  begin();
  vi.advanceTimersByTime(FOREPERIOD_MS + LIMIT_MS);
  settled();
  expect(ended).toMatchObject([{ outcome: "miss", rt_ms: null, input: null }]);
});

test("a second answer, a held key and another key change nothing", () => {
  begin();
  press(" ", 1, true);
  press("a", 2);
  vi.advanceTimersByTime(FOREPERIOD_MS);
  touch(ONSET + 300);
  touch(ONSET + 400);
  settled();
  expect(ended).toMatchObject([{ outcome: "response", rt_ms: 300 }]);
});

test.each([
  ["Escape", () => press("Escape", 1)],
  ["the pause button", () => display.querySelector<HTMLElement>(".srt-pause")?.click()],
  ["leaving the page", () => hide()],
  ["another window in front", () => dispatchEvent(new Event("blur"))],
])("%s interrupts: the trial is not an answer and not a miss", (_name, act) => {
  begin();
  vi.advanceTimersByTime(FOREPERIOD_MS);
  act();
  settled();
  expect(ended).toMatchObject([{ outcome: "interrupted", rt_ms: null }]);
});

test("practice tells the time; the rounds that count do not", () => {
  begin("practice");
  vi.advanceTimersByTime(FOREPERIOD_MS);
  touch(ONSET + 300);
  expect(display.querySelector(".srt-said")?.textContent).toBe("300 ms");
  settled();
  begin("test");
  vi.advanceTimersByTime(FOREPERIOD_MS);
  touch(ONSET + 300);
  expect(display.querySelector(".srt-said")?.textContent).toBe("");
});

function hide(): void {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  fire(document, new Event("visibilitychange"));
  hidden.mockRestore();
}
