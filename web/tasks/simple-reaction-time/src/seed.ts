/** Chance that can be replayed: the same seed gives the same foreperiods. */
import { FOREPERIOD_MS } from "./trial";

export type Chance = () => number;

/** Numbers in [0, 1) from `seed`: FNV-1a to start, then mulberry32. */
export function chanceOf(seed: string): Chance {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(seed)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whole milliseconds, evenly from the least to the most. */
export function foreperiod(chance: Chance): number {
  const { least, most } = FOREPERIOD_MS;
  return least + Math.floor(chance() * (most - least + 1));
}
