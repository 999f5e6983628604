/** The enrollment fields as a form holds them, and what of them a save changes. */
import type { Schemas } from "@metricis/api";
import { type Form, same } from "./draft";
import { mappingOf, type Pair, pairsOf } from "./Pairs";
import type { RedcapShown } from "./redcap";

type Settings = Schemas["RedcapSettings"];

export interface EnrollmentDraft {
  instrument: string;
  anchor: string;
  recordId: RedcapShown["record_id_field"];
  pairs: Pair[];
}

export interface EnrollmentFaults {
  instrument?: string;
  anchor?: string;
  pairs?: string;
}

const draftOf = (read: RedcapShown): EnrollmentDraft => ({
  instrument: read.enrollment_instrument ?? "",
  anchor: read.anchor_date_field ?? "",
  recordId: read.record_id_field,
  pairs: pairsOf(read.participant_field_mapping ?? {}),
});

/** What keeps the form from being saved: a name cannot be taken away, only replaced. */
export function enrollmentFaults(read: RedcapShown, { instrument, anchor, pairs }: EnrollmentDraft): EnrollmentFaults {
  const mapping = mappingOf(pairs);
  return {
    ...(read.enrollment_instrument &&
      !instrument.trim() && { instrument: `Name the instrument that enrolls; ${read.enrollment_instrument} does now` }),
    ...(read.anchor_date_field &&
      !anchor.trim() && { anchor: `Name the field with the anchor date; it is ${read.anchor_date_field} now` }),
    ...(typeof mapping === "string" && { pairs: mapping }),
  };
}

/** What differs from what was read; the digest says what that was. Only of a form without faults. */
export function enrollmentBody(read: RedcapShown, draft: EnrollmentDraft): Settings {
  const [anchor, instrument, mapping] = [draft.anchor.trim(), draft.instrument.trim(), mappingOf(draft.pairs)];
  // An empty mapping is not the default: without rows nothing is said unless rows were there before.
  const remapped = typeof mapping !== "string" && !same(mapping, read.participant_field_mapping ?? {});
  return {
    ...(draft.recordId !== read.record_id_field && { record_id_field: draft.recordId }),
    ...(anchor !== (read.anchor_date_field ?? "") && { anchor_date_field: anchor }),
    ...(instrument !== (read.enrollment_instrument ?? "") && { enrollment_instrument: instrument }),
    ...(remapped && { participant_field_mapping: mapping }),
    expected_digest: read.settings_digest,
  };
}

export const enrollmentForm: Form<EnrollmentDraft> = {
  draftOf,
  differs: (read, draft) =>
    typeof mappingOf(draft.pairs) === "string" || Object.keys(enrollmentBody(read, draft)).length > 1,
};
