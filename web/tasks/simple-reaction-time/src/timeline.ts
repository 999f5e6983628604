/** The course of the task: instructions, practice, the rounds that count; after an interruption it goes on where it stood. */
import type { JsPsych } from "jspsych";
import { PagePlugin } from "./plugins/page";
import { ReactionPlugin } from "./plugins/reaction";
import { type Chance, chanceOf, foreperiod } from "./seed";
import { type Block, PRACTICE_TRIALS, standing, TEST_TRIALS, type Trial } from "./trial";
import type { Words } from "./words";

type Timeline = Extract<Parameters<JsPsych["run"]>[0], unknown[]>;
type Piece = Timeline[number];

export interface Course {
  /** Grows as the task is played. */
  trials: Trial[];
  words: Words;
  seed: string;
  leave: () => void;
}

const COUNT: Record<Block, number> = { practice: PRACTICE_TRIALS, test: TEST_TRIALS };

export function blocksOf(course: Course, resumed: boolean): Timeline {
  const { words } = course;
  const first = page(words.title, [words.wait, words.respond, words.early], words.begin_practice);
  const instructions = withExit(course, words.not_now, first);
  const ready = withExit(course, words.leave, page(words.practice_over, [words.no_more_feedback], words.begin_test));
  const done = standing(course.trials, "test").length;
  const back = withExit(course, words.leave, page(words.welcome_back, [words.kept(done, TEST_TRIALS)], words.resume));
  const chance = chanceOf(course.seed);
  // One draw for each trial that was played, so that a continued run goes on in the same row of chances.
  for (const _ of course.trials) foreperiod(chance);
  const test = block(course, "test", chance);
  if (resumed && done > 0) return done < TEST_TRIALS ? [back, test] : [];
  return [instructions, block(course, "practice", chance), ready, test];
}

function page(heading: string, paragraphs: string[], button: string): Piece {
  return { type: PagePlugin, heading, paragraphs, button };
}

/** A page from which the task can be left for another time. */
function withExit(course: Course, leave: string, read: Piece): Piece {
  return { ...read, leave, left: course.leave };
}

function block(course: Course, name: Block, chance: Chance): Piece {
  const { words } = course;
  const place = () => standing(course.trials, name).length + 1;
  const players = chanceOf(`${course.seed} ${name} player`);
  const trial = {
    type: ReactionPlugin,
    block: name,
    words,
    place,
    round: () => words[name](place(), COUNT[name]),
    foreperiod_ms: () => foreperiod(chance),
    simulated_rt: () => player(players),
  };
  const paused = {
    timeline: [withExit(course, words.leave, page(words.paused, [words.paused_why], words.resume))],
    conditional_function: () => course.trials.at(-1)?.outcome === "interrupted",
  };
  const more = () => standing(course.trials, name).length < COUNT[name];
  return { timeline: [trial, paused], loop_function: more, conditional_function: more };
}

/** A simulated participant: mostly between 200 and 400 ms, now and then too early or asleep. */
function player(chance: Chance): number | null {
  const kind = chance();
  if (kind < 0.03) return null;
  if (kind < 0.08) return -50;
  return 200 + 120 * chance() + 80 * chance();
}
