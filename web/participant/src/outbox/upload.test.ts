/** Once and only once: whatever happens to the line, the tab, the session or the server. */
import { expect, test } from "vitest";
import type { Device } from "../device/store";
import { beginSession, currentSession } from "../session/session";
import { finish, newDevice, tokenOf } from "../testing/device";
import { Locks } from "../testing/locks";
import { refusal, Server } from "../testing/server";
import { CONFLICTS } from "./entry";
import { askAgain, entriesOf } from "./outbox";
import { type Ended, upload, type Uploader } from "./upload";

const PIA = tokenOf("pia");
const TOM = tokenOf("tom");

async function world() {
  const device = await newDevice();
  await beginSession(device, PIA, "pia");
  const clock = { now: 1_000_000 };
  const server = new Server(PIA, TOM);
  const locks = new Locks();
  const tab = () => {
    const own = locks.tab();
    const uploader: Uploader = {
      device,
      send: server.send,
      locks: own,
      now: () => clock.now,
      chance: () => 1,
      changed: () => undefined,
    };
    return { kill: own.kill, upload: (patient = false): Promise<Ended> => upload(uploader, patient) };
  };
  return { device, clock, server, tab };
}

const states = async (device: Device, owner = "pia") => (await entriesOf(device, owner)).map((entry) => entry.state);

test("sent, it is stored once, and the answers leave the device", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "k");
  expect(await tab().upload()).toBe("done");
  expect(await tab().upload()).toBe("done");
  expect(server.asked).toEqual([{ key: "k", token: PIA }]);
  expect(await entriesOf(device, "pia")).toMatchObject([{ state: "sent", sync_status: "pending", body: null }]);
});

test("finished twice with one key, the first result stands", async () => {
  const { device } = await world();
  await finish(device, "pia", "k", 1);
  await finish(device, "pia", "k", 2);
  const entries = await entriesOf(device, "pia");
  expect(entries.map((entry) => entry.completed_at)).toEqual(["2026-11-23T12:01:00.000Z"]);
});

test("two tabs at once: one uploads, the other has nothing to do", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "a", 1);
  await finish(device, "pia", "b", 2);
  const ended = await Promise.all([tab().upload(), tab().upload()]);
  expect(ended.toSorted()).toEqual(["busy", "done"]);
  expect(server.asked.map(({ key }) => key)).toEqual(["a", "b"]);
});

test("a tab that asks to send first waits for the one that is sending", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "a");
  expect(await Promise.all([tab().upload(), tab().upload(true)])).toEqual(["done", "done"]);
  expect(server.asked).toHaveLength(1);
  expect(await states(device)).toEqual(["sent"]);
});

test("a tab killed during the upload: the next sends the same, and there is one session", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "k");
  server.instead.push("never");
  const first = tab();
  void first.upload();
  await expect.poll(() => server.asked.length).toBe(1);
  expect(await tab().upload()).toBe("busy");
  first.kill();
  expect(await tab().upload()).toBe("done");
  expect([server.asked.length, server.sessions.size]).toEqual([2, 1]);
  expect(await states(device)).toEqual(["sent"]);
});

test("stored, but the answer was lost on the way: sent again, one session", async () => {
  const { device, clock, server, tab } = await world();
  await finish(device, "pia", "k");
  server.instead.push("stored, and the answer is lost");
  expect(await tab().upload()).toBe("unreachable");
  expect(await states(device)).toEqual(["saved"]);
  expect(await tab().upload(), "not before its time").toBe("done");
  expect(server.asked).toHaveLength(1);
  clock.now += 60_000;
  await tab().upload();
  expect(server.sessions.size).toBe(1);
  expect(await states(device)).toEqual(["sent"]);
});

test("401: kept, marked as over, and not sent again until its owner has entered again", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "k");
  server.validTokens.delete(PIA);
  expect(await tab().upload()).toBe("signed-out");
  expect(await tab().upload()).toBe("signed-out");
  expect(server.asked).toHaveLength(1);
  expect((await currentSession(device))?.over).toBe(true);
  expect(await entriesOf(device, "pia")).toMatchObject([{ state: "saved", attempts: 0 }]);
  const again = `${tokenOf("pia")}2`;
  server.validTokens.add(again);
  await beginSession(device, again, "pia");
  expect(await tab().upload()).toBe("done");
  expect(await states(device)).toEqual(["sent"]);
});

test("a late 401 of an old session does not end the new one", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "k");
  const answers: ((answer: ReturnType<typeof refusal>) => void)[] = [];
  server.instead.push(new Promise((resolve) => answers.push(resolve)) as never);
  const uploading = tab().upload();
  await expect.poll(() => server.asked.length).toBe(1);
  await beginSession(device, TOM, "tom");
  await finish(device, "tom", "t");
  answers[0]?.(refusal(401));
  await uploading;
  expect(await currentSession(device)).toMatchObject({ owner: "tom", over: false });
  expect(await states(device, "tom"), "and its work goes on").toEqual(["sent"]);
});

test("another participant on the device: each one's work goes only with its own session", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "p");
  await beginSession(device, TOM, "tom");
  await finish(device, "tom", "t");
  await tab().upload();
  expect(server.asked).toEqual([{ key: "t", token: TOM }]);
  expect(await states(device)).toEqual(["saved"]);
  await beginSession(device, PIA, "pia");
  await tab().upload();
  expect(server.asked.at(-1)).toEqual({ key: "p", token: PIA });
});

test("422: kept and shown with its reason, not tried for ever, and once more when a person asks", async () => {
  const { device, clock, server, tab } = await world();
  await finish(device, "pia", "k");
  server.instead.push(refusal(422, "the study does not know this task"));
  await tab().upload();
  clock.now += 3_600_000;
  await tab().upload();
  expect(server.asked).toHaveLength(1);
  const [entry] = await entriesOf(device, "pia");
  expect(entry).toMatchObject({ state: "refused", reason: "the study does not know this task" });
  expect(entry?.body?.results).toMatchObject({ median_ms: 251.5 });
  await askAgain(device, "pia");
  await tab().upload();
  expect(await states(device)).toEqual(["sent"]);
});

test("409: may pass; after a few times it is refused", async () => {
  const { device, clock, server, tab } = await world();
  await finish(device, "pia", "k");
  for (let time = 1; time <= CONFLICTS; time += 1) {
    server.instead.push(refusal(409, "in use"));
    expect(await states(device)).toEqual(["saved"]);
    await tab().upload();
    clock.now += 3_600_000;
  }
  expect(await entriesOf(device, "pia")).toMatchObject([{ state: "refused", reason: "in use" }]);
  expect(server.asked).toHaveLength(CONFLICTS);
});

test("5xx and 429: later, longer each time, never given up; one that is stuck does not hold up the next", async () => {
  const { device, clock, server, tab } = await world();
  await finish(device, "pia", "a", 1);
  await finish(device, "pia", "b", 2);
  server.instead.push(refusal(503));
  await tab().upload();
  expect(server.asked.map(({ key }) => key)).toEqual(["a", "b"]);
  const waits: number[] = [];
  for (let time = 0; time < 20; time += 1) {
    const [entry] = (await entriesOf(device, "pia")).filter(({ state }) => state === "saved");
    waits.push((entry?.next_at ?? 0) - clock.now);
    clock.now = entry?.next_at ?? 0;
    server.instead.push(refusal(500));
    await tab().upload();
  }
  expect(waits.slice(0, 4)).toEqual([2_000, 4_000, 8_000, 16_000]);
  expect(Math.max(...waits)).toBe(300_000);
  expect((await states(device)).toSorted()).toEqual(["saved", "sent"]);
  clock.now += 300_000;
  server.instead.push(refusal(429, "slow down", 900));
  await tab().upload();
  const [entry] = (await entriesOf(device, "pia")).filter(({ state }) => state === "saved");
  expect((entry?.next_at ?? 0) - clock.now, "as the server asks").toBe(900_000);
});

test("a line that is down is tried again within half a minute, however long it has been down", async () => {
  const { device, clock, server, tab } = await world();
  await finish(device, "pia", "k");
  for (let time = 0; time < 12; time += 1) {
    server.instead.push({ kind: "unreachable" });
    await tab().upload();
    const [entry] = await entriesOf(device, "pia");
    expect((entry?.next_at ?? 0) - clock.now).toBeLessThanOrEqual(30_000);
    clock.now = entry?.next_at ?? 0;
  }
  await tab().upload();
  expect(await states(device)).toEqual(["sent"]);
});

test("nobody there: the rest is not tried", async () => {
  const { device, server, tab } = await world();
  await finish(device, "pia", "a", 1);
  await finish(device, "pia", "b", 2);
  server.instead.push({ kind: "unreachable" });
  expect(await tab().upload()).toBe("unreachable");
  expect(server.asked).toHaveLength(1);
});

test("without Web Locks two tabs may both send; the key keeps it one session", async () => {
  const { device, clock, server } = await world();
  await finish(device, "pia", "k");
  const uploader: Uploader = {
    device,
    send: server.send,
    locks: null,
    now: () => clock.now,
    chance: () => 1,
    changed: () => undefined,
  };
  await Promise.all([upload(uploader), upload(uploader)]);
  expect(server.sessions.size).toBe(1);
  expect(await states(device)).toEqual(["sent"]);
});

test("a clock that is set back by a day does not hold a result up for a day", async () => {
  const { device, clock, server, tab } = await world();
  await finish(device, "pia", "k");
  server.instead.push(refusal(503));
  await tab().upload();
  clock.now -= 86_400_000;
  await tab().upload();
  expect(await states(device)).toEqual(["sent"]);
});

test("a server that is out of service for an hour is asked some twenty times, and then has the result", async () => {
  const { device, clock, server, tab } = await world();
  await finish(device, "pia", "k");
  const end = clock.now + 3_600_000;
  while (clock.now < end) {
    server.instead.push(refusal(503));
    await tab().upload();
    clock.now = (await entriesOf(device, "pia"))[0]?.next_at ?? end;
  }
  expect(server.asked.length).toBeLessThan(25);
  expect(await states(device)).toEqual(["saved"]);
  await tab().upload();
  expect([await states(device), server.sessions.size]).toEqual([["sent"], 1]);
});
