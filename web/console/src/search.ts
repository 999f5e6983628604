/** What may stand behind the question mark of each page's address; anything else is dropped. */

/** The named texts of an address, without empty ones. */
export function text<K extends string>(given: Record<string, unknown>, names: readonly K[]): { [N in K]?: string } {
  const kept: { [N in K]?: string } = {};
  for (const name of names) {
    const value = given[name];
    if (typeof value === "string" && value !== "") kept[name] = value;
    if (typeof value === "number") kept[name] = String(value);
  }
  return kept;
}

/** One of the given words, or nothing. */
function oneOf<T extends string>(value: unknown, words: readonly T[]): T | undefined {
  return words.find((word) => word === value);
}

export const PARTICIPANT_STATUSES = ["screened", "enrolled", "completed", "withdrawn"] as const;

export interface ListSearch {
  search?: string;
  status?: (typeof PARTICIPANT_STATUSES)[number];
  site?: string;
  review?: true;
  /** The page of the list, from 1. */
  page?: number;
}

export function listSearch(given: Record<string, unknown>): ListSearch {
  const status = oneOf(given["status"], PARTICIPANT_STATUSES);
  return {
    ...text(given, ["search", "site"]),
    ...(status && { status }),
    ...(given["review"] === true && { review: true as const }),
    ...(Number.isInteger(given["page"]) && (given["page"] as number) > 1 && { page: given["page"] as number }),
  };
}

export const DECISIONS = ["followed", "detached", "dismissed"] as const;

export interface Decision {
  /** The flag that is being decided on. */
  flag?: string;
  how?: (typeof DECISIONS)[number];
}

/** A decision that stands open over a page, or none. */
export function decisionOf(given: Record<string, unknown>): Decision {
  const { flag } = text(given, ["flag"]);
  const how = oneOf(given["how"], DECISIONS);
  return flag && how ? { flag, how } : {};
}

export interface FlagSearch extends Decision {
  /** Those that were decided on as well. */
  all?: true;
}

export function flagSearch(given: Record<string, unknown>): FlagSearch {
  return { ...(given["all"] === true && { all: true as const }), ...decisionOf(given) };
}

export interface ParticipantSearch extends Decision {
  /** The dialog that stands open. */
  act?: "anchor" | "consent" | "withdraw" | "link";
}

export function participantSearch(given: Record<string, unknown>): ParticipantSearch {
  const act = oneOf(given["act"], ["anchor", "consent", "withdraw", "link"] as const);
  return act ? { act } : decisionOf(given);
}

export const EVENT_FILTERS = ["attention", "received", "processing", "processed", "failed", "duplicate"] as const;

export interface EventSearch {
  status?: (typeof EVENT_FILTERS)[number];
  source?: "redcap_det" | "reconcile";
  q?: string;
  /** The event that stands open beside the list. */
  event?: string;
}

export function eventSearch(given: Record<string, unknown>): EventSearch {
  const status = oneOf(given["status"], EVENT_FILTERS);
  const source = oneOf(given["source"], ["redcap_det", "reconcile"] as const);
  return { ...text(given, ["q", "event"]), ...(status && { status }), ...(source && { source }) };
}

export interface AuditSearch {
  object_kind?: string;
  object_id?: string;
  action?: string;
  actor?: string;
  from?: string;
  to?: string;
  /** The row that stands open. */
  row?: string;
}

export function auditSearch(given: Record<string, unknown>): AuditSearch {
  return text(given, ["object_kind", "object_id", "action", "actor", "from", "to", "row"]);
}
