import { expect, test } from "vitest";
import { mappingOf } from "./Pairs";
import { taskMapping } from "./results";
import { makeSecret, triggerAddress } from "./secret";

const pair = (from: string, to: string, id = 0) => ({ id, from, to });

test("empty rows say nothing and spaces are no part of a name", () => {
  expect(mappingOf([pair(" arm ", "arm"), pair("", "")])).toEqual({ arm: "arm" });
});

test("a half row and a doubled name are pointed out, not dropped", () => {
  expect(mappingOf([pair("arm", "")])).toContain("“arm” has no counterpart");
  expect(mappingOf([pair("arm", "arm"), pair("arm", "time_zone")])).toBe("“arm” stands twice");
});

test("a task without an instrument cannot be saved", () => {
  expect(taskMapping([{ task: "reaction_time", instrument: " ", pairs: [] }])).toBe(
    "Reaction time: name the instrument",
  );
  expect(taskMapping([{ task: "t", instrument: "i", pairs: [pair("a", "b")] }])).toEqual({
    t: { instrument: "i", fields: { a: "b" } },
  });
});

test("a secret is long enough, different each time, and fits an address", () => {
  const secret = makeSecret();
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(makeSecret()).not.toBe(secret);
  expect(triggerAddress("https://redcap:WEBHOOK_SECRET@host/det", "a/b$&")).toBe("https://redcap:a%2Fb%24%26@host/det");
});
