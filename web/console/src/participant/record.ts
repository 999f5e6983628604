/** A participant's record in REDCap, which they may have no more. */

/** The name of the record; nothing when a person has decided that they have none any more. */
export function recordOf({ external_id: id }: { external_id: string }): string | null {
  return id.startsWith("detached:") ? null : id;
}

/** What stands in place of the record of who has none. */
export const NO_RECORD = "no record in REDCap";
