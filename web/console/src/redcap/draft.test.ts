import { expect, test } from "vitest";
import { caughtUp, type Held, same } from "./draft";
import { type EnrollmentDraft, enrollmentBody, enrollmentFaults, enrollmentForm } from "./enrollment";
import type { RedcapShown } from "./redcap";
import { resultsForm } from "./results";

const first: RedcapShown = {
  has_token: true,
  has_webhook_secret: true,
  former_webhook_secret_live: false,
  det_url_template: "",
  record_id_field: "external_id",
  anchor_date_field: "consent_date",
  enrollment_instrument: "enrollment",
  participant_field_mapping: { arm: "arm" },
  redcap_field_mapping: { nback: { instrument: "nback", fields: { accuracy: "nb_acc" } } },
  settings_digest: "1",
};

const begin = (change: Partial<EnrollmentDraft> = {}): Held<EnrollmentDraft> => ({
  read: first,
  draft: { ...enrollmentForm.draftOf(first), ...change },
});

test("only what differs from what was read is sent, with the digest of that", () => {
  const { draft } = begin({ anchor: " enrolled_on " });
  expect(enrollmentBody(first, draft)).toEqual({ anchor_date_field: "enrolled_on", expected_digest: "1" });
  expect(enrollmentBody(first, begin().draft)).toEqual({ expected_digest: "1" });
  const emptied = begin({ pairs: [], recordId: "participant_code" }).draft;
  expect(enrollmentBody(first, emptied)).toEqual({
    participant_field_mapping: {},
    record_id_field: "participant_code",
    expected_digest: "1",
  });
});

test("a name that was emptied is a fault and no silent nothing", () => {
  expect(enrollmentFaults(first, begin({ anchor: " ", instrument: "" }).draft)).toEqual({
    anchor: "Name the field with the anchor date; it is consent_date now",
    instrument: "Name the instrument that enrolls; enrollment does now",
  });
  const { anchor_date_field: _none, ...unset } = first;
  expect(enrollmentFaults(unset, begin({ anchor: "" }).draft)).toEqual({});
});

test("a form that nobody has touched follows what others change", () => {
  const theirs = { ...first, anchor_date_field: "enrolled_on", settings_digest: "2" };
  expect(caughtUp(begin(), theirs, enrollmentForm).draft.anchor).toBe("enrolled_on");
});

test("what was typed stays when others change something else, and is sent over what holds now", () => {
  const theirs = { ...first, redcap_field_mapping: {}, settings_digest: "2" };
  const held = caughtUp(begin({ anchor: "enrolled_on" }), theirs, enrollmentForm);
  expect(enrollmentBody(held.read, held.draft)).toEqual({ anchor_date_field: "enrolled_on", expected_digest: "2" });
});

test("what was typed over settings that others have changed is not sent over theirs", () => {
  const theirs = { ...first, enrollment_instrument: "baseline", settings_digest: "2" };
  const typed = begin({ anchor: "enrolled_on" });
  expect(caughtUp(typed, theirs, enrollmentForm)).toBe(typed);
  expect(enrollmentBody(typed.read, typed.draft).expected_digest).toBe("1");
});

test("what was saved is what is held", () => {
  const saved = { ...first, anchor_date_field: "enrolled_on", settings_digest: "2" };
  const held = caughtUp(begin({ anchor: "enrolled_on " }), saved, enrollmentForm);
  expect([held.read.settings_digest, held.draft.anchor]).toEqual(["2", "enrolled_on"]);
});

test("a mapping of results is edited when it says something else, in whatever order", () => {
  const rows = resultsForm.draftOf(first);
  expect(resultsForm.differs(first, rows)).toBe(false);
  expect(resultsForm.differs(first, [])).toBe(true);
  expect(same({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toBe(true);
});
