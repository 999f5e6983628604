// @vitest-environment jsdom
/** Whose device it is, and that leaving leaves nothing. */
import { beforeEach, expect, test } from "vitest";
import { openDevice } from "../device/store";
import { countOfOthers, entriesOf } from "../outbox/outbox";
import { readThrough, Unread } from "../portal/read";
import { keepDraft, newDraft } from "../task/draft";
import { finish, newDevice, tokenOf } from "../testing/device";
import { forget, tellServer } from "./leave";
import { codeIn, takeCode } from "./link";
import { beginSession, currentSession, endOf, ownerOf } from "./session";

const place = (owner: string) => ({ owner, task: "reaction_time", visit_id: "v1" });
const tell = { kind: "ok", data: { tasks: [] }, date: null } as const;
const over = async () => ({ kind: "refused", status: 401, reason: "", retry_after_s: null }) as const;
const nobody = { kind: "unreachable" } as const;

beforeEach(() => localStorage.clear());

test("the owner is the token's subject, or nobody", () => {
  expect(ownerOf(tokenOf("01a2-ä".normalize("NFD").replaceAll(/[^\w-]/g, "")))).toBe("01a2-a");
  expect([ownerOf(""), ownerOf("a.b.c"), ownerOf(`x.${btoa("{}")}.y`)]).toEqual([null, null, null]);
});

test("a code is taken out of the address, and out of a pasted link", () => {
  history.replaceState(null, "", "/app/enter#Ab_c-1");
  expect(takeCode()).toBe("Ab_c-1");
  expect(location.href).not.toContain("Ab_c-1");
  expect(takeCode()).toBe("");
  expect([codeIn(" x "), codeIn("https://study.example/app/enter#x"), codeIn("")]).toEqual(["x", "x", ""]);
});

test("signing out leaves nothing: no database, no storage", async () => {
  const device = await newDevice();
  const session = await beginSession(device, tokenOf("pia"), "pia");
  await readThrough(
    device,
    session,
    "tasks",
    async () => tell,
    () => undefined,
  );
  await finish(device, "pia", "k");
  await keepDraft(device, newDraft(place("pia"), new Date()));
  localStorage.setItem("metricis-language", "fr");
  await forget(device, "pia");
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(device.name);
  expect(localStorage).toHaveLength(0);
});

test("signing out keeps what others have not sent, and nothing to read of anybody", async () => {
  const device = await newDevice();
  await beginSession(device, tokenOf("tom"), "tom");
  await finish(device, "tom", "t");
  await keepDraft(device, newDraft({ ...place("tom"), visit_id: "v2" }, new Date()));
  const session = await beginSession(device, tokenOf("pia"), "pia");
  await readThrough(
    device,
    session,
    "tasks",
    async () => tell,
    () => undefined,
  );
  await finish(device, "pia", "p");
  expect(await countOfOthers(device, "pia")).toBe(1);
  await forget(device, "pia");
  const after = await openDevice(device.name);
  expect(await currentSession(after)).toBeNull();
  expect(await after.count("copies")).toBe(0);
  expect(await entriesOf(after, "pia")).toEqual([]);
  expect((await entriesOf(after, "tom")).map(({ submission_key }) => submission_key)).toEqual(["t"]);
  expect(await after.countFromIndex("drafts", "owner", "tom")).toBe(1);
});

test("another participant's link removes what the first could read, and not their work", async () => {
  const device = await newDevice();
  const session = await beginSession(device, tokenOf("tom"), "tom");
  await readThrough(
    device,
    session,
    "tasks",
    async () => tell,
    () => undefined,
  );
  await finish(device, "tom", "t");
  await beginSession(device, tokenOf("pia"), "pia");
  expect(await device.count("copies")).toBe(0);
  expect(await entriesOf(device, "tom")).toHaveLength(1);
});

test("without a line the copy is shown with its moment; without a copy nothing is", async () => {
  const device = await newDevice();
  const session = await beginSession(device, tokenOf("pia"), "pia");
  const read = (answer: Parameters<typeof readThrough>[3], now: number) =>
    readThrough(
      device,
      session,
      "tasks",
      answer,
      () => undefined,
      () => now,
    );
  await expect(read(async () => nobody, 1)).rejects.toThrow(Unread);
  expect(await read(async () => tell, 2)).toEqual({ data: tell.data, read_at: 2, ahead_ms: 0, from: "server" });
  expect(await read(async () => nobody, 3)).toEqual({ ...(await read(async () => tell, 2)), from: "unreachable" });
});

test("a token that has run out marks the session, tells once, and keeps the copy", async () => {
  const device = await newDevice();
  const session = await beginSession(device, tokenOf("pia"), "pia");
  await readThrough(
    device,
    session,
    "tasks",
    async () => tell,
    () => undefined,
  );
  let told = 0;
  for (let time = 0; time < 2; time += 1) {
    const reading = await readThrough(device, session, "tasks", over, () => (told += 1));
    expect(reading.from).toBe("refused");
  }
  expect([told, (await currentSession(device))?.over]).toEqual([1, true]);
});

test("an answer that arrives after signing out leaves no copy, even where others' work keeps the database", async () => {
  const device = await newDevice();
  await beginSession(device, tokenOf("tom"), "tom");
  await finish(device, "tom", "t");
  const session = await beginSession(device, tokenOf("pia"), "pia");
  const late = async () => {
    await forget(device, "pia");
    return tell;
  };
  await readThrough(device, session, "tasks", late, () => undefined);
  expect(await device.count("copies")).toBe(0);
});

const at = (date: string) => async () => ({ ...tell, date });

test("a device whose clock is wrong learns by how much, and knows it still without a line", async () => {
  const device = await newDevice();
  const session = await beginSession(device, tokenOf("pia"), "pia");
  const now = Date.parse("2026-11-23T12:00:00Z");
  const read = async (ask: Parameters<typeof readThrough>[3]) =>
    (
      await readThrough(
        device,
        session,
        "tasks",
        ask,
        () => undefined,
        () => now,
      )
    ).ahead_ms;
  expect(await read(at("Mon, 23 Nov 2026 12:00:31 GMT"))).toBe(0);
  expect(await read(at("Tue, 24 Nov 2026 12:00:00 GMT"))).toBe(86_400_000);
  expect(await read(async () => nobody)).toBe(86_400_000);
});

const told = (answer: Awaited<ReturnType<Parameters<typeof tellServer>[1]>>) =>
  tellServer(tokenOf("pia"), async () => answer).told;

test("whether the server knows of the sign-out is told as it is", async () => {
  expect(await told({ kind: "ok", data: undefined, date: null })).toBe(true);
  expect(await told(await over()), "it was over already").toBe(true);
  expect(await told({ ...(await over()), status: 503 })).toBe(false);
  expect(await told(nobody)).toBe(false);
});

test("a token's end is its own, or unknown", () => {
  const token = `x.${btoa(JSON.stringify({ sub: "pia", exp: 1_800_000_000 }))}.y`;
  expect([endOf(token), endOf(tokenOf("pia")), endOf("")]).toEqual([1_800_000_000_000, null, null]);
});
