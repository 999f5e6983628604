/** Moments and days as people read them: the study's time zone, and the viewer's own when the pointer rests. */
import { createContext, useContext } from "react";

const LOCALE = "en-GB";

/** The time zone in which a study's moments are shown. */
export const StudyZone = createContext("UTC");

export const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const kept = new Map<string, Intl.DateTimeFormat>();

function momentFormat(zone: string): Intl.DateTimeFormat {
  const found = kept.get(zone);
  if (found) return found;
  const made = new Intl.DateTimeFormat(LOCALE, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZone: zone,
  });
  kept.set(zone, made);
  return made;
}

const dayFormat = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const weekdayFormat = new Intl.DateTimeFormat(LOCALE, { weekday: "short", timeZone: "UTC" });

export function moment(at: string, zone: string): string {
  return momentFormat(zone).format(new Date(at));
}

/** Hours and minutes of a moment in a time zone. */
export function timeOfDay(at: Date, zone: string): string {
  return at.toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit", timeZone: zone });
}

/** A calendar day, which belongs to no time zone. */
export function day(date: string): string {
  return dayFormat.format(new Date(`${date}T00:00:00Z`));
}

export function weekday(date: string): string {
  return weekdayFormat.format(new Date(`${date}T00:00:00Z`));
}

/** The first moment of a calendar day in a time zone, for the server's filters. */
export function startOfDay(date: string, zone: string): string {
  const utc = Date.parse(`${date}T00:00:00Z`);
  // The zone's offset is asked at the moment found with a first guess, because it may change on that very day.
  const guess = utc - offsetAt(utc, zone);
  return new Date(utc - offsetAt(guess, zone)).toISOString();
}

/** How far the zone's clock is ahead of UTC at a moment, in milliseconds. */
function offsetAt(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((known) => known.type === type)?.value);
  const [year, month, date] = [part("year"), part("month"), part("day")];
  return Date.UTC(year, month - 1, date, part("hour"), part("minute"), part("second")) - at;
}

/** The day after. */
export function nextDay(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** Whole days from one calendar day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

/** A span of days without what both ends share: `2 – 5 Dec 2026`. */
export function span(from: string, to: string): string {
  if (from === to) return day(from);
  const [start, end] = [day(from).split(" "), day(to).split(" ")];
  if (start[2] !== end[2]) return `${day(from)} – ${day(to)}`;
  return `${start.slice(0, start[1] === end[1] ? 1 : 2).join(" ")} – ${day(to)}`;
}

/** A length of time in its two largest units: `2 h 5 min`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export function When({ at }: { at: string }) {
  const zone = useContext(StudyZone);
  return (
    <time dateTime={at} title={`${moment(at, viewerZone)} in your time zone (${viewerZone})`}>
      {moment(at, zone)}
    </time>
  );
}

export function Day({ on, week = false }: { on: string; week?: boolean }) {
  return <time dateTime={on}>{week ? `${weekday(on)} ${day(on)}` : day(on)}</time>;
}

export function Span({ from, to }: { from: string; to: string }) {
  return <span className="nowrap">{span(from, to)}</span>;
}
