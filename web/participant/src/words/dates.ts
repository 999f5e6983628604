/** Days and moments in words; a day belongs to the study, a moment is told in the study's time zone. */

/** `2026-11-23`, as it stands: a day has no zone. */
export function dayInWords(day: string, language: string): string {
  return format(new Date(`${day}T00:00:00Z`), language, { ...DAY, timeZone: "UTC" });
}

export function momentInWords(at: Date, language: string, zone: string | undefined): string {
  return format(at, language, { ...DAY, hour: "2-digit", minute: "2-digit", timeZone: zone });
}

/** The day that a window opens with, or the last one before it closes. */
export function dayOf(at: Date, language: string, zone: string | undefined): string {
  return format(at, language, { ...DAY, timeZone: zone });
}

/** `closes_at` is the first moment at which it is over. */
export function lastDayBefore(closes_at: string, language: string, zone: string | undefined): string {
  return dayOf(new Date(Date.parse(closes_at) - 1), language, zone);
}

const DAY = { weekday: "short", day: "numeric", month: "long" } as const;

function format(
  at: Date,
  language: string,
  options: { [Name in keyof Intl.DateTimeFormatOptions]: Intl.DateTimeFormatOptions[Name] | undefined },
): string {
  return new Intl.DateTimeFormat(language, options as Intl.DateTimeFormatOptions).format(at);
}
