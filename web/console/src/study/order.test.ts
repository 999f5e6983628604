import { MutationObserver, QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { studyQuery } from "../api/query";
import { Refusal } from "../api/refusal";
import { orderOptions } from "./order";

const ask = () => Promise.resolve(1);

async function staleAfter(run: () => Promise<unknown>) {
  const client = new QueryClient();
  const visits = studyQuery("a", ["visits"], ["today"], ask);
  const audit = studyQuery("a", ["audit"], ["audit"], ask);
  const board = studyQuery("a", ["board"], ["board"], ask);
  await Promise.all([visits, audit, board].map((query) => client.prefetchQuery(query)));
  const order = new MutationObserver(
    client,
    orderOptions<null, unknown>({ run, topics: ["visits"], quiet: true }, client, "a"),
  );
  await order.mutate(null).catch(() => undefined);
  return [visits, audit, board].map(({ queryKey }) => client.getQueryState(queryKey)?.isInvalidated);
}

test("what an order has made stale is read again, its row of the audit log too, and nothing else", async () => {
  expect(await staleAfter(async () => "done")).toEqual([true, true, false]);
});

async function refuse() {
  throw new Refusal(409, "conflict", "schedule moved by somebody else");
}

test("so it is when the order was refused: somebody else may have been first", async () => {
  expect(await staleAfter(refuse)).toEqual([true, true, false]);
});
