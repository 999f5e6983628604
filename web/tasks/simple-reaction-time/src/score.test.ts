/** The score: by hand on small cases, by its laws on many drawn ones. */
import { expect, test } from "vitest";
import { scoreTrials } from "./score";
import { type Chance, chanceOf, foreperiod } from "./seed";
import { ANTICIPATION_MS, judge, LIMIT_MS, type Outcome, type Trial } from "./trial";

function trial(outcome: Outcome, rt_ms: number | null, block: Trial["block"] = "test"): Trial {
  return { block, place: 1, foreperiod_ms: 700, outcome, rt_ms, input: "touch", ended_ms: 0, simulated: false };
}

const responses = (...times: number[]) => times.map((rt) => trial("response", rt));

function row(seed: string): number[] {
  const chance = chanceOf(seed);
  return Array.from({ length: 20_000 }, () => foreperiod(chance));
}

/** Many lists of trials, each from its own seed. */
function drawn(): Trial[][] {
  return Array.from({ length: 300 }, (_, seed) => {
    const chance = chanceOf(`list ${seed}`);
    return Array.from({ length: Math.floor(chance() * 30) }, () => draw(chance));
  });
}

function draw(chance: Chance): Trial {
  const kind = chance();
  const block = chance() < 0.2 ? "practice" : "test";
  if (kind < 0.1) return trial("miss", null, block);
  if (kind < 0.2) return trial("anticipation", chance() < 0.5 ? null : 99 * chance(), block);
  if (kind < 0.3) return trial("interrupted", null, block);
  return trial("response", 100 + 900 * chance(), block);
}

test("median, mean and standard deviation are of the responses alone", () => {
  const trials = [...responses(200, 300, 250, 450), trial("miss", null), trial("anticipation", 40)];
  expect(scoreTrials(trials)).toEqual({
    median_ms: 275,
    mean_ms: 300,
    sd_ms: 108,
    misses: 1,
    anticipations: 1,
    responses: 4,
    trials: 6,
  });
});

test("without responses there is no time, and none is invented", () => {
  const score = scoreTrials([trial("miss", null), trial("miss", null)]);
  expect([score.median_ms, score.mean_ms, score.sd_ms, score.misses]).toEqual([null, null, null, 2]);
  expect(scoreTrials(responses(250)).sd_ms).toBeNull();
  expect(scoreTrials([]).trials).toBe(0);
});

test("practice and interrupted trials change nothing", () => {
  for (const trials of drawn()) {
    const more = [...trials, trial("response", 9, "practice"), trial("interrupted", null)];
    expect(scoreTrials(more)).toEqual(scoreTrials(trials));
  }
});

test("each counted trial is a response, a miss or an anticipation, and order does not matter", () => {
  for (const trials of drawn()) {
    const score = scoreTrials(trials);
    expect(score.responses + score.misses + score.anticipations).toBe(score.trials);
    expect(scoreTrials(trials.toReversed())).toEqual(score);
  }
});

test("the median and the mean lie between the fastest and the slowest; shifting all shifts both and not the spread", () => {
  for (const trials of drawn()) {
    const times = trials.flatMap((one) => (one.block === "test" && one.outcome === "response" ? [one.rt_ms ?? 0] : []));
    const { median_ms, mean_ms, sd_ms } = scoreTrials(trials);
    if (median_ms === null || mean_ms === null) {
      expect(times).toEqual([]);
      continue;
    }
    for (const middle of [median_ms, mean_ms]) {
      expect(middle).toBeGreaterThanOrEqual(Math.min(...times) - 0.05);
      expect(middle).toBeLessThanOrEqual(Math.max(...times) + 0.05);
    }
    const later = scoreTrials(trials.map((one) => ({ ...one, rt_ms: one.rt_ms === null ? null : one.rt_ms + 100 })));
    expect(later.median_ms).toBeCloseTo(median_ms + 100, 0);
    expect(later.mean_ms).toBeCloseTo(mean_ms + 100, 0);
    if (sd_ms !== null) expect(later.sd_ms).toBeCloseTo(sd_ms, 0);
  }
});

test("an answer is judged by its time alone", () => {
  expect([null, -1, 0, ANTICIPATION_MS - 0.1].map(judge)).toEqual([
    "miss",
    "anticipation",
    "anticipation",
    "anticipation",
  ]);
  expect([ANTICIPATION_MS, LIMIT_MS, LIMIT_MS + 0.1].map(judge)).toEqual(["response", "response", "miss"]);
});

test("foreperiods are whole milliseconds from 500 to 1500, the same for the same seed, and reach both ends", () => {
  const times = row("a");
  expect(row("a")).toEqual(times);
  expect(row("b")).not.toEqual(times);
  expect([Math.min(...times), Math.max(...times)]).toEqual([500, 1500]);
  expect(times.every(Number.isInteger)).toBe(true);
});
