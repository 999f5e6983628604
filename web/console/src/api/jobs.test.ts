import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { onSignedOut } from "./client";
import { ended } from "./jobs";
import { Refusal } from "./refusal";

const answer = (status: number, body: object) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

/** The client takes both when it is made: a server that each test plays, and addresses as a page completes them. */
const asked = vi.hoisted(() => {
  const played = vi.fn<() => Promise<Response>>();
  vi.stubGlobal("fetch", played);
  vi.stubGlobal(
    "Request",
    class extends Request {
      constructor(address: string, init?: RequestInit) {
        super(new URL(address, "https://metricis.test"), init);
      }
    },
  );
  return played;
});

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  vi.useRealTimers();
  asked.mockReset();
  onSignedOut(() => undefined);
});

async function settle<T>(waiting: Promise<T>): Promise<T | Refusal> {
  const caught = waiting.catch((error: unknown) => error as Refusal);
  await vi.advanceTimersByTimeAsync(600_000);
  return caught;
}

test("a job is asked for until it has ended, whichever way", async () => {
  asked.mockImplementationOnce(async () => answer(200, { state: "running" }));
  asked.mockImplementationOnce(async () => answer(200, { state: "failed", error: "no" }));
  expect(await settle(ended("s", "j"))).toMatchObject({ state: "failed" });
  expect(asked).toHaveBeenCalledTimes(2);
});

test("a job that nobody works on is not asked for without an end, nor more often than a person may ask", async () => {
  asked.mockImplementation(async () => answer(200, { state: "queued" }));
  const given = await settle(ended("s", "j"));
  expect(given).toBeInstanceOf(Refusal);
  expect((given as Refusal).title).toBe("There is no answer yet");
  expect(asked.mock.calls.length).toBeLessThanOrEqual(15);
});

test("a lost line is told as such, and a session that is over ends here as everywhere", async () => {
  asked.mockImplementationOnce(async () => {
    throw new TypeError("network");
  });
  expect(await settle(ended("s", "j"))).toMatchObject({ status: 0, title: "The server cannot be reached" });
  const signedOut = vi.fn();
  onSignedOut(signedOut);
  asked.mockImplementationOnce(async () => answer(401, { title: "Not signed in" }));
  expect(await settle(ended("s", "j"))).toMatchObject({ status: 401 });
  expect(signedOut).toHaveBeenCalledOnce();
});
