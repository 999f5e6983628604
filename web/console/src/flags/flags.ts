/** What happened to records in REDCap and waits for a person: in plain words, with what each decision would mean. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { studyQuery } from "../api/query";
import type { DECISIONS } from "../search";
import { day } from "../display/When";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

export type Flag = Schemas["FlagShown"];
export type How = (typeof DECISIONS)[number];

/** Longest reason that the server takes, in characters. */
export const REASON = 500;

export const flagsQuery = (study: string, all: boolean) =>
  studyQuery(study, ["events", "participants"], ["flags", all], () =>
    take(api.GET("/api/studies/{study_id}/flags", { params: { path: { study_id: study }, query: { all } } })),
  );

/** A moment of REDCap's own clock, which says no time zone. */
export function redcapTime(at: string): string {
  const [date = "", time] = at.split(" ");
  return time ? `${day(date)}, ${time}` : at;
}

type Happened = Pick<Flag, "kind" | "record_id" | "was" | "became" | "redcap_at">;

/** What happened in REDCap, as one sentence. */
export function happened({ kind, record_id: record, was, became, redcap_at: at }: Happened): string {
  const when = at ? ` on ${redcapTime(at)} (REDCap's time)` : "";
  if (kind === "deleted") return `Record ${record} was deleted in REDCap${when}.`;
  if (kind === "renamed") return `Record ${record} was renamed to ${became ?? "another name"} in REDCap${when}.`;
  if (!became) return `Record ${record} was taken out of the group ${was ?? "that it was in"} in REDCap${when}.`;
  if (!was) return `Record ${record} was put into the group ${became} in REDCap${when}.`;
  return `Record ${record} was moved from the group ${was} to ${became} in REDCap${when}.`;
}

const whose = (flag: Flag) => flag.participant_code ?? "the participant";

/** What is so until a person decides, or why the decision is not this one's turn. */
export function meanwhile(flag: Flag, open: readonly Flag[]): string {
  const { kind, record_id: record, became } = flag;
  if (kind === "dag_moved") return `The site of ${whose(flag)} has followed: look whether the right people see them.`;
  if (kind === "deleted")
    return `Nothing of ${whose(flag)} is deleted here. What bears the name ${record} in REDCap now is held until you decide.`;
  if (flag.can_follow)
    return `${whose(flag)} still has the record ${record} here. What REDCap says of either name is held.`;
  const first = open.find((one) => one.id !== flag.id && one.kind === "renamed" && one.became === record);
  if (first) return `It cannot be followed yet: decide first on the rename of ${first.record_id} to ${record}.`;
  return `It cannot be followed: ${whose(flag)} does not have the record ${record} here. Dismiss it once you have looked at ${became ?? "the record"} in REDCap.`;
}

/** What a decision does, before it is taken. */
export function effect(flag: Flag, how: How): string {
  const { kind, record_id: record, became } = flag;
  const name = became ?? "the other name";
  if (how === "followed")
    return `The record of ${whose(flag)} becomes ${name}. Visits, results and consent stay theirs.`;
  if (kind === "renamed")
    return `${whose(flag)} keeps the record ${record}, and nothing is held any more: a record ${name} is somebody else's, and is enrolled as such once it is complete.`;
  if (kind === "deleted")
    return `${whose(flag)} stays in the study with everything that is here. A record that bears the name ${record} again is taken for theirs. Who has left the study is withdrawn on their own page.`;
  return `${whose(flag)} stays at the site that REDCap's group has. To undo the move, move the record back in REDCap.`;
}

const DECIDED: Record<NonNullable<Flag["resolution"]>, string> = {
  followed: "Followed",
  dismissed: "Dismissed",
  unconcerned: "Concerned nobody here",
};

/** What was decided. */
export const decidedWords = (resolution: NonNullable<Flag["resolution"]>) => DECIDED[resolution];

/** Takes a decision on a flag; `onDone` comes before the list is read again, which takes the flag's row away. */
export function useResolve(flag: Flag, how: How, onDone: () => void) {
  const study = useStudy();
  return useOrder<string, Flag>({
    run: async (reason) => {
      const path = { study_id: study.id, flag_id: flag.id };
      const body = { resolution: how, reason };
      const decided = await take(
        api.POST("/api/studies/{study_id}/flags/{flag_id}/resolve", { params: { path }, body }),
      );
      onDone();
      return decided;
    },
    topics: ["events", "participants"],
    quiet: true,
    said: () => ({
      title: how === "followed" ? `The record of ${whose(flag)} is ${flag.became} now` : "Flag dismissed",
      message:
        flag.kind === "dag_moved"
          ? "It stands among the closed ones, with your reason."
          : "What was held goes on when its failed events are replayed, or with the next reconcile.",
    }),
  });
}
