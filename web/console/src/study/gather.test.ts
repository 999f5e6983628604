import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gather } from "./gather";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("the first changes are acted on at once, later ones together, and none is lost", () => {
  const acts: string[][] = [];
  const gathered = gather((topics) => acts.push([...topics]));
  for (let second = 0; second < 10; second++) {
    gathered.add([`t${second}`]);
    vi.advanceTimersByTime(1000);
  }
  expect(acts).toEqual([["t0"], ["t1"], ["t2"], ["t3"], ["t4"], ["t5"]]);
  vi.advanceTimersByTime(20_000);
  expect(acts.at(-1)).toEqual(["t6", "t7", "t8", "t9"]);
});

test("a study that changes every second is read a dozen times a minute", () => {
  const act = vi.fn();
  const gathered = gather(act);
  for (let second = 0; second < 59; second++) {
    gathered.add(["visits"]);
    vi.advanceTimersByTime(1000);
  }
  expect(act.mock.calls.length).toBeLessThanOrEqual(12);
  gathered.stop();
});
