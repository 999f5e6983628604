import { expect, test } from "vitest";
import type { Diff, FormDeletion, Import, Init, Push } from "./operation";
import {
  deletionDeed,
  deletionLoss,
  designOf,
  importCounts,
  importDeed,
  initDeed,
  initLoss,
  pushDeed,
  pushLoss,
  recordNames,
  unchanged,
} from "./words";

const nothing: Diff = {
  instruments_added: [],
  instruments_removed: [],
  fields_added: [],
  fields_removed: [],
  fields_changed: [],
  order_changed: false,
};
const field = { field: "mood", instrument: "diary", field_type: "text", label: "Mood" };

test("a push says all that it does, and that nothing changes when nothing does", () => {
  const diff = { ...nothing, fields_added: [field, field], fields_removed: [field], order_changed: true };
  expect(pushDeed({ diff } as Push)).toBe(
    "Push the dictionary: add 2 fields, remove 1 field, put fields in another order",
  );
  expect(unchanged(diff)).toBe(false);
  expect(unchanged(nothing)).toBe(true);
});

test("what a push destroys is said, and nothing when nothing goes", () => {
  const loss = { field: "mood", instrument: "diary", choice: null, records: 12 };
  const push = (losses: Push["losses"], diff = nothing) => pushLoss({ diff, losses } as Push);
  expect(push([loss, { ...loss, choice: "2", records: 1 }])).toBe(
    "Stored values go for good: of 2 fields or choices, in up to 12 records.",
  );
  expect(push([], { ...nothing, fields_removed: [field] })).toContain("1 field goes from REDCap for good");
  expect(push([])).toBeNull();
});

test("a set-up, a deletion and an import say what they write, destroy and make", () => {
  expect(initDeed({ steps: ["settings", "dictionary", "events"] } as Init)).toBe(
    "Set up the project: write the project's settings, the dictionary, events",
  );
  expect(initLoss({ dictionary: nothing } as Init)).toBeNull();
  expect(initLoss({ dictionary: { ...nothing, fields_removed: [field] } } as Init)).toBe(
    "1 field of the project's present design goes for good.",
  );
  const deletion = { form: "diary", fields: [field], records: 3 } as FormDeletion;
  expect(deletionDeed(deletion)).toBe("Delete diary: 1 field and what 3 records hold in it");
  expect(deletionLoss({ ...deletion, records: 0 })).toContain("No record holds data in it now");
  const found = { counts: { known: 4, enrol: 1, refused: 2 } as Record<string, number> } as Import;
  expect(importDeed(found)).toBe("Enroll 1 record");
  expect(importCounts(found)).toEqual([
    "Cannot be enrolled: 2",
    "Becomes a participant: 1",
    "Is a participant already: 4",
  ]);
});

test("records are named once each, however they are separated", () => {
  expect(recordNames(" 7, 8\n\n8 ;9")).toEqual(["7", "8", "9"]);
  expect(recordNames(" \n")).toEqual([]);
});

test("a design is REDCap's CSV, or JSON that holds it; anything else is named", () => {
  expect(designOf("field_name\n", "dictionary.csv")).toEqual({ dictionary: "field_name\n" });
  expect(designOf('{"dictionary":"x","arms":[]}', "design.JSON")).toEqual({ dictionary: "x", arms: [] });
  expect(designOf("{}", "design.json")).toContain("design.json names no dictionary");
  expect(designOf("{", "design.json")).toContain("design.json cannot be read as JSON");
});
