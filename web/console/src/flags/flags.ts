/** What happened to records in REDCap and waits for a person: in plain words, with what each decision would mean. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { studyQuery } from "../api/query";
import { DECISIONS } from "../search";
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

/** What a person may decide now. */
export const choicesOf = ({ choices }: Flag): How[] => DECISIONS.filter((how) => choices.includes(how));

/** Whether a flag of this kind is ever decided so; whether it may be now is for the server to say. */
export const isDecision = ({ kind }: Flag, how: How): boolean => (kind === "dag_moved") === (how === "dismissed");

const whose = (flag: Flag) => flag.participant_code ?? "the participant";

/** The earlier rename that has to be decided on before this flag, if it is listed. */
const before = ({ id, record_id: record }: Flag, open: readonly Flag[]) =>
  open.find((one) => one.id !== id && one.kind === "renamed" && one.became === record);

/** What is so until a person decides, or why the decision is not this one's turn. */
export function meanwhile(flag: Flag, open: readonly Flag[]): string {
  const { kind, record_id: record, choices } = flag;
  if (kind === "dag_moved") return `The site of ${whose(flag)} has followed: look whether the right people see them.`;
  const first = before(flag, open);
  const lacks = `${whose(flag)} does not have the record ${record} here.`;
  if (kind === "deleted") {
    const held = `Nothing of ${whose(flag)} is deleted here. What bears the name ${record} in REDCap now is held until you decide.`;
    if (choices.includes("detached")) return held;
    return first ? `${held} Decide first on the rename of ${first.record_id} to ${record}.` : `${held} ${lacks}`;
  }
  if (choices.includes("followed"))
    return `${whose(flag)} still has the record ${record} here. What REDCap says of either name is held.`;
  if (choices.includes("detached"))
    return `${whose(flag)} has no record any more, by an earlier decision. What REDCap says of either name is held.`;
  if (first) return `It cannot be decided yet: decide first on the rename of ${first.record_id} to ${record}.`;
  return `It cannot be decided now: ${lacks}`;
}

/** A decision in words: on its button, over the question, on the order, and once it is taken. */
interface Words {
  choose: string;
  /** Begins with what the button shows. */
  label: string;
  ask: string;
  order: string;
  decided: string;
  done: string;
}

/** How a decision on this flag is called. */
export function wordsOf(flag: Flag, how: How): Words {
  const { kind, record_id: record } = flag;
  const name = flag.became ?? "the other name";
  if (how === "dismissed")
    return {
      choose: "Seen",
      label: `Seen: the move of record ${record}`,
      ask: "Was this move seen?",
      order: "Close the flag: the move was seen",
      decided: kind === "dag_moved" ? "Seen" : "Dismissed",
      done: "The move was seen",
    };
  if (how === "detached")
    return {
      choose: kind === "renamed" ? "Somebody else" : "No record any more",
      label: kind === "renamed" ? `Somebody else has ${name}` : `No record any more: ${whose(flag)}, who had ${record}`,
      ask: kind === "renamed" ? `Is ${name} somebody else?` : `Has ${whose(flag)} no record any more?`,
      order: `${whose(flag)} has no record any more`,
      decided: kind === "renamed" ? "Somebody else; no record any more" : "No record any more",
      done: `${whose(flag)} has no record in REDCap any more`,
    };
  if (kind === "deleted")
    return {
      choose: "There again",
      label: `There again: record ${record}`,
      ask: `Is record ${record} there again?`,
      order: `Record ${record} is there again, and theirs`,
      decided: "There again, and theirs",
      done: `Decided: record ${record} is there again`,
    };
  return {
    choose: "Follow",
    label: `Follow the rename of ${record} to ${name}`,
    ask: "Follow this rename?",
    order: `Follow: the record becomes ${name}`,
    decided: "Followed",
    done: `The record of ${whose(flag)} is ${name} now`,
  };
}

/** What a decision does, before it is taken. */
export function effect(flag: Flag, how: How): string {
  const { kind, record_id: record, became, choices } = flag;
  const name = became ?? "the other name";
  const gone = `From then on ${whose(flag)} has no record in REDCap: nothing is written there for them, and what is here stays here. This cannot be taken back.`;
  if (how === "dismissed")
    return `${whose(flag)} stays at the site that REDCap's group has. To undo the move, move the record back in REDCap.`;
  if (kind === "deleted" && how === "detached")
    return `${gone} The name ${record} is free: a complete record that bears it is enrolled as somebody else. Who has left the study is withdrawn on their own page.`;
  if (kind === "deleted" && choices.includes("detached"))
    return `Look first that REDCap has record ${record} again, and that it is ${whose(flag)}'s. What was held under this name goes on as theirs.`;
  if (kind === "deleted")
    return `The flag is closed, and nothing else changes: ${whose(flag)} does not have the record ${record} here.`;
  if (how === "followed")
    return `The record of ${whose(flag)} becomes ${name}. Visits, results and consent stay theirs.`;
  if (!choices.includes("followed"))
    return `${whose(flag)} has no record any more, by an earlier decision. This closes the rename; what bears the name ${name} is somebody else, and is enrolled as such once it is complete.`;
  return `${gone} What bears the name ${name} is somebody else, and is enrolled as such once it is complete; so is what may bear the name ${record} again.`;
}

/** What was decided. */
export function decidedWords(flag: Flag, resolution: NonNullable<Flag["resolution"]>): string {
  return resolution === "unconcerned" ? "Concerned nobody here" : wordsOf(flag, resolution).decided;
}

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
      title: wordsOf(flag, how).done,
      message:
        flag.kind === "dag_moved"
          ? "It stands among the closed ones, with your reason."
          : "What was held goes on when its failed events are replayed, or with the next reconcile.",
    }),
  });
}
