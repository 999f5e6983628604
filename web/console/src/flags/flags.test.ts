import { expect, test } from "vitest";
import { decidedWords, effect, type Flag, happened, meanwhile, redcapTime, wordsOf } from "./flags";

const flag = (part: Partial<Flag>): Flag => ({
  id: "f",
  kind: "renamed",
  record_id: "7",
  became: "8",
  participant_id: "p",
  participant_code: "NORTH-007",
  redcap_at: "2026-03-03 14:05",
  raised_at: "2026-03-03T13:20:00Z",
  choices: ["followed", "detached"],
  ...part,
});

test("what happened is one sentence, with REDCap's own time said to be REDCap's", () => {
  expect(happened(flag({}))).toBe("Record 7 was renamed to 8 in REDCap on 3 Mar 2026, 14:05 (REDCap's time).");
  expect(happened(flag({ kind: "deleted", became: null }))).toBe(
    "Record 7 was deleted in REDCap on 3 Mar 2026, 14:05 (REDCap's time).",
  );
});

test("a move between groups says from where to where, also when one of them is none", () => {
  const moved = { kind: "dag_moved" as const, redcap_at: null };
  const to = (was: string | null, became: string | null) => happened(flag({ ...moved, was, became }));
  expect(to("north", "south")).toBe("Record 7 was moved from the group north to south in REDCap.");
  expect(to("north", null)).toBe("Record 7 was taken out of the group north in REDCap.");
  expect(to(null, "south")).toBe("Record 7 was put into the group south in REDCap.");
});

test("a time that cannot be read is shown as it came", () => {
  expect(redcapTime("yesterday")).toBe("yesterday");
});

const deleted = { kind: "deleted" as const, became: null };

test("a rename out of its turn names the one before it", () => {
  const later = flag({ id: "g", record_id: "8", became: "9", choices: [] });
  expect(meanwhile(later, [flag({}), later])).toContain("decide first on the rename of 7 to 8");
  expect(meanwhile(later, [later])).toContain("NORTH-007 does not have the record 8 here");
  expect(meanwhile(flag({}), [])).toContain("still has the record 7 here");
  expect(meanwhile(flag({ choices: ["detached"] }), [])).toContain("has no record any more");
});

test("a deletion out of its turn claims nothing of the participant's record", () => {
  const later = flag({ ...deleted, id: "g", record_id: "8", choices: ["followed"] });
  expect(meanwhile(later, [flag({}), later])).toContain("Decide first on the rename of 7 to 8.");
  expect(effect(later, "followed")).toContain("nothing else changes: NORTH-007 does not have the record 8 here");
});

test("a decision says what it does before it is taken", () => {
  expect(effect(flag({}), "followed")).toContain("The record of NORTH-007 becomes 8.");
  expect(effect(flag({}), "detached")).toContain("What bears the name 8 is somebody else");
  expect(effect(flag(deleted), "followed")).toContain("Look first that REDCap has record 7 again");
  for (const one of [flag({}), flag(deleted)])
    expect(effect(one, "detached")).toContain("nothing is written there for them, and what is here stays here");
  expect(effect(flag({ choices: ["detached"] }), "detached")).toContain("by an earlier decision");
});

test("what a button is called begins with what it shows", () => {
  for (const one of [flag({}), flag(deleted), flag({ kind: "dag_moved" })])
    for (const how of ["followed", "detached", "dismissed"] as const) {
      const { choose, label } = wordsOf(one, how);
      expect(label.startsWith(choose)).toBe(true);
    }
});

test("the same decision reads otherwise for a deletion and for a rename", () => {
  expect(decidedWords(flag({}), "followed")).toBe("Followed");
  expect(decidedWords(flag(deleted), "followed")).toBe("There again, and theirs");
  expect(decidedWords(flag(deleted), "detached")).toBe("No record any more");
  expect(decidedWords(flag({ kind: "dag_moved" }), "dismissed")).toBe("Seen");
  expect(decidedWords(flag({}), "unconcerned")).toBe("Concerned nobody here");
});
