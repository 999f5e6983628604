/** Places calendar days on a line from 0 to 100; pure, so that the picture can be checked without a browser. */
import { daysBetween } from "../display/When";

export interface Scale {
  from: string;
  days: number;
}

const MARGIN_DAYS = 3;

/** The line that holds all of these days, with a little room at both ends. */
export function scaleOf(dates: readonly string[]): Scale {
  const sorted = dates.toSorted();
  const first = sorted[0] ?? "2000-01-01";
  const last = sorted.at(-1) ?? first;
  const margin = Math.max(MARGIN_DAYS, Math.round(daysBetween(first, last) * 0.03));
  return { from: addDays(first, -margin), days: daysBetween(first, last) + 2 * margin };
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** How far along the line a day begins, in percent. */
export function place(scale: Scale, date: string): number {
  return (daysBetween(scale.from, date) / scale.days) * 100;
}

/** First days of months on the line; every `step`th, so that at most `most` are named. */
export function months(scale: Scale, most = 10): string[] {
  const end = addDays(scale.from, scale.days);
  const found: string[] = [];
  let [year, month] = scale.from.split("-").map(Number) as [number, number];
  for (;;) {
    month += 1;
    if (month > 12) [year, month] = [year + 1, 1];
    const date = `${year}-${String(month).padStart(2, "0")}-01`;
    if (date > end) break;
    found.push(date);
  }
  const step = Math.ceil(found.length / most);
  return found.filter((_, at) => at % step === 0);
}

/** Puts labels into rows so that none covers another: each goes to the first row where `gap` percent are free. */
export function rowsFor(places: readonly number[], gap: number): number[] {
  const ends: number[] = [];
  return places.map((at) => {
    const free = ends.findIndex((end) => at - end >= gap);
    const row = free === -1 ? ends.length : free;
    ends[row] = at;
    return row;
  });
}
