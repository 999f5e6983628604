import { expect, test } from "vitest";
import { headline, listed, mayBeDeleted, named, type Reconciled } from "./reconcile";

const none = { missing: 0, changed: 0, waiting: 0, held: 0, flags: 0, unexplained: 0 };

const found = (part: Partial<Reconciled>, counts: Partial<Reconciled["counts"]> = {}): Reconciled => ({
  success: true,
  job: "0",
  dry_run: false,
  full: false,
  listed: 12,
  examined: 3,
  missing: [],
  changed: [],
  waiting: [],
  held: [],
  flags: [],
  unexplained: [],
  ...part,
  counts: { ...none, ...counts },
});

test("without a difference every record is as it is here, and what was read is said", () => {
  expect(headline(found({}))).toEqual({
    tone: "good",
    title: "Every record is as it is here",
    read: "12 records listed by REDCap, 3 of them read.",
  });
  expect(headline(found({ full: true })).read).toBe("12 records listed by REDCap, all of them read.");
  const left = headline(found({ success: false, message: "left out" }));
  expect(left).toMatchObject({ tone: "warn", title: "Not every record could be taken in" });
});

test("events alone are good; what needs a person is not", () => {
  expect(headline(found({}, { missing: 1, changed: 2 }))).toMatchObject({ tone: "good", title: "3 events" });
  expect(headline(found({}, { changed: 1, flags: 2, held: 1 }))).toMatchObject({
    tone: "warn",
    title: "1 event, 2 flags and 1 record to look at",
  });
  expect(headline(found({ success: false }, { unexplained: 4 })).tone).toBe("warn");
});

test("a preview does not claim to have done anything", () => {
  expect(headline(found({ dry_run: true }, { flags: 1 })).title).toBe("It would come to: 1 flag");
});

test("a failure is in the server's words", () => {
  expect(headline(found({ success: false, error: "REDCap answered 503" }))).toEqual({
    tone: "bad",
    title: "The reconcile failed",
    read: "REDCap answered 503",
  });
});

test("long lists end with how many more there are, also beyond what the server lists", () => {
  const names = Array.from({ length: 22 }, (_, n) => `${n}`);
  expect(named(names, 2000)).toMatch(/^0, 1, .*, 19 and 1980 more$/);
  expect(named(["a", "b"], 2)).toBe("a, b");
  expect(listed(["a"])).toBe("a");
});

test("a deletion is taken on a person's word after a run only, and for what nothing explains", () => {
  expect(mayBeDeleted(found({ success: false }, { unexplained: 1 }))).toBe(true);
  expect(mayBeDeleted(found({ success: false, dry_run: true }, { unexplained: 1 }))).toBe(false);
  expect(mayBeDeleted(found({ success: false, error: "REDCap answered 503" }, { unexplained: 1 }))).toBe(false);
  expect(mayBeDeleted(found({}, { missing: 1 }))).toBe(false);
});
