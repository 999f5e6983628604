import { expect, test } from "vitest";
import { QueryClient } from "@tanstack/react-query";
import { refresh, studyQuery, TOPICS } from "../api/query";
import { topicsOf } from "./follow";

const ask = () => Promise.resolve(1);

test("a change names its topics; one that cannot be read may be about anything", () => {
  expect(topicsOf('{"sequence":3,"topics":["visits","audit"]}')).toEqual(["visits", "audit"]);
  expect(topicsOf("not json")).toEqual(TOPICS);
  expect(topicsOf('{"sequence":3}')).toEqual(TOPICS);
});

test("a change makes stale what shows its topics, in its own study only", async () => {
  const client = new QueryClient();
  const visits = studyQuery("a", ["visits"], ["today"], ask);
  const audit = studyQuery("a", ["audit"], ["audit"], ask);
  const other = studyQuery("b", ["visits"], ["today"], ask);
  await Promise.all([visits, audit, other].map((query) => client.prefetchQuery(query)));
  await refresh(client, "a", ["visits"]);
  const stale = (query: { queryKey: readonly unknown[] }) => client.getQueryState(query.queryKey)?.isInvalidated;
  expect([stale(visits), stale(audit), stale(other)]).toEqual([true, false, false]);
});
