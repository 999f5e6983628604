import { expect, test } from "vitest";
import { auditSearch, eventSearch, flagSearch, listSearch, participantSearch } from "./search";

test("an address keeps what its page knows and drops the rest", () => {
  expect(listSearch({ search: "NORTH", status: "enrolled", review: true, page: 2, other: 1 })).toEqual({
    search: "NORTH",
    status: "enrolled",
    review: true,
    page: 2,
  });
  expect(listSearch({ search: "", status: "nonsense", review: "true", page: 1 })).toEqual({});
  expect(participantSearch({ act: "delete" })).toEqual({});
  expect(flagSearch({ all: true, flag: "f", how: "followed" })).toEqual({ all: true, flag: "f", how: "followed" });
  expect(flagSearch({ all: "yes", flag: "f", how: "unconcerned" })).toEqual({});
  expect(eventSearch({ status: "attention", source: "mail", q: 7 })).toEqual({ status: "attention", q: "7" });
  expect(auditSearch({ row: 20000000049, action: "move_anchor" })).toEqual({
    row: "20000000049",
    action: "move_anchor",
  });
});
