/** A form that stands open while others change the same settings: it follows the server until somebody types, and then tells. */
import { useState } from "react";
import type { RedcapShown } from "./redcap";

/** What a form makes of the settings, and whether it would change them. */
export interface Form<Draft> {
  draftOf: (read: RedcapShown) => Draft;
  differs: (read: RedcapShown, draft: Draft) => boolean;
}

/** What was typed, and the settings that it was typed over. */
export interface Held<Draft> {
  read: RedcapShown;
  draft: Draft;
}

/** What to hold once the settings are `latest`; the same as before when only the person can say what holds. */
export function caughtUp<Draft>(held: Held<Draft>, latest: RedcapShown, form: Form<Draft>): Held<Draft> {
  const { draftOf, differs } = form;
  if (held.read.settings_digest === latest.settings_digest) return held;
  const untouched = !differs(held.read, held.draft);
  // What was typed is what holds now, such as after saving it.
  const saved = !differs(latest, held.draft);
  if (untouched || saved) return { read: latest, draft: draftOf(latest) };
  // Others have changed something else than what this form shows.
  if (!differs(latest, draftOf(held.read))) return { read: latest, draft: held.draft };
  return held;
}

export function useDraft<Draft>(latest: RedcapShown, form: Form<Draft>) {
  const [kept, keep] = useState<Held<Draft>>(() => ({ read: latest, draft: form.draftOf(latest) }));
  const held = caughtUp(kept, latest, form);
  if (held !== kept) keep(held);
  return {
    ...held,
    edited: form.differs(held.read, held.draft),
    /** Somebody else has changed what is being edited here. */
    overtaken: held.read.settings_digest !== latest.settings_digest,
    edit: (draft: Draft) => keep({ ...held, draft }),
    takeTheirs: () => keep({ read: latest, draft: form.draftOf(latest) }),
  };
}

/** Whether two values say the same, whatever the order of their names. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([name, held]) => [name, sorted(held)] as const);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
