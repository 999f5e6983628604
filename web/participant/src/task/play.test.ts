/** A task's way from the first trial to the outbox, with tabs that die on it. */
import { expect, test } from "vitest";
import { type Device, hasRoom } from "../device/store";
import type { Submission } from "../outbox/entry";
import { entriesOf } from "../outbox/outbox";
import { newDevice } from "../testing/device";
import { refusal } from "../testing/server";
import { keepTrials, newDraft, readDraft } from "./draft";
import { play, type Play } from "./play";
import type { TaskModule } from "./registry";
import { rescue } from "./rescue";
import { allowedSimulation } from "./simulation";

const place = { owner: "pia", task: "reaction_time", visit_id: "v1" };
const HOST = {} as HTMLElement;
type Run = Parameters<TaskModule["runTask"]>[1];

/** Plays three trials, or dies after `until`. */
function taskOf(until = 3, seen: Run[] = []): Pick<TaskModule, "runTask"> {
  return {
    runTask: async (_host, run) => {
      seen.push(run);
      for (let at = run.before.length; at < until; at += 1) run.keep({ place: at + 1 } as never);
      return until < 3 ? null : ({ median_ms: 250, trials: 3, sd_ms: undefined } as never);
    },
  };
}

async function world() {
  const device = await newDevice();
  const told = (draft: Play["draft"]): Play => ({
    device,
    draft,
    label: "Week 1",
    language: "en",
    simulation: null,
    leave: () => undefined,
    signal: new AbortController().signal,
    now: () => new Date(Date.UTC(2026, 10, 23, 12, 5)),
  });
  return { device, told, draft: newDraft(place, new Date(Date.UTC(2026, 10, 23, 12, 0))) };
}

test("finished: the draft has become one result with the key that it had from the beginning", async () => {
  const { device, told, draft } = await world();
  expect(await play(taskOf(), HOST, told(draft))).toEqual({ kind: "kept" });
  expect(await readDraft(device, place)).toBeNull();
  const [entry] = await entriesOf(device, "pia");
  expect(entry).toMatchObject({ submission_key: draft.submission_key, owner: "pia", label: "Week 1", state: "saved" });
  expect(entry?.body).toEqual({
    submission_key: draft.submission_key,
    task: "reaction_time",
    visit_id: "v1",
    started_at: "2026-11-23T12:00:00.000Z",
    completed_at: "2026-11-23T12:05:00.000Z",
    results: { median_ms: 250, trials: 3 },
  });
});

test("broken off: nothing is sent, every trial is kept, and it goes on there with the same key and seed", async () => {
  const { device, told, draft } = await world();
  expect(await play(taskOf(2), HOST, told(draft))).toEqual({ kind: "left" });
  expect(await entriesOf(device, "pia")).toEqual([]);
  const kept = await readDraft(device, place);
  expect(kept?.trials).toEqual([{ place: 1 }, { place: 2 }]);
  const seen: Run[] = [];
  await play(taskOf(3, seen), HOST, told(kept ?? draft));
  expect(seen[0]).toMatchObject({ before: [{ place: 1 }, { place: 2 }], seed: draft.seed });
  expect((await entriesOf(device, "pia"))[0]?.submission_key).toBe(draft.submission_key);
});

test("begun anew, the earlier trials are gone and a tab that still plays them cannot add any", async () => {
  const { device, told, draft } = await world();
  await play(taskOf(2), HOST, told(draft));
  const anew = newDraft(place, new Date());
  await play(taskOf(0), HOST, told(anew));
  await keepTrials(device, draft, [{ place: 9 }], new Date());
  expect(await readDraft(device, place)).toMatchObject({ submission_key: anew.submission_key, trials: [] });
});

test("a device that cannot save says so before the first trial", async () => {
  const { device, told, draft } = await world();
  device.close();
  const seen: Run[] = [];
  await expect(play(taskOf(3, seen), HOST, told(draft))).rejects.toThrow(DOMException);
  expect(seen).toEqual([]);
});

/** A device that has no room while `full` says so. */
function shaky(device: Device, full: () => boolean, does = "transaction"): Device {
  return new Proxy(device, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== "function") return found;
      if (name === does && full()) throw new DOMException("no room", "QuotaExceededError");
      return found.bind(target);
    },
  });
}

const nobody = async () => ({ kind: "unreachable" }) as const;

/** Plays three trials; the device is full during `during` of them. */
function crowded(during: (place: number) => boolean) {
  let at = 0;
  const task: Pick<TaskModule, "runTask"> = {
    runTask: async (_host, run) => {
      for (at = 1; at <= 3; at += 1) {
        run.keep({ place: at } as never);
        await new Promise((resolve) => setTimeout(resolve));
      }
      return { trials: 3 } as never;
    },
  };
  return { task, full: () => during(at) };
}

test("storage that is full for a while in mid-task costs nothing: later trials bring the earlier ones along", async () => {
  const { device, told, draft } = await world();
  const { task, full } = crowded((trial) => trial === 1);
  const left: Pick<TaskModule, "runTask"> = {
    runTask: async (host, run) => {
      await task.runTask(host, run);
      return null;
    },
  };
  const played = await play(left, HOST, { ...told(draft), device: shaky(device, full) });
  expect(played).toEqual({ kind: "left" });
  expect((await readDraft(device, place))?.trials).toEqual([{ place: 1 }, { place: 2 }, { place: 3 }]);
});

test("storage that is full at the end: the result is held, and kept once there is room or sent from where it is", async () => {
  const { device, told, draft } = await world();
  const { task, full } = crowded((trial) => trial > 1);
  const crowd = shaky(device, full);
  const played = await play(task, HOST, { ...told(draft), device: crowd });
  if (played.kind !== "held") throw new Error(played.kind);
  const { finished } = played;
  expect(finished.body).toMatchObject({ submission_key: draft.submission_key, results: { trials: 3 } });
  expect(await rescue(crowd, finished, nobody)).toEqual({ kind: "held", reason: null });
  expect(await rescue(crowd, finished, async () => refusal(401, "sign in again"))).toEqual({
    kind: "held",
    reason: "sign in again",
  });
  const sent: string[] = [];
  const send = async ({ submission_key }: Submission) => {
    sent.push(submission_key);
    return { kind: "stored", sync_status: "pending" } as const;
  };
  expect(await rescue(device, finished, send)).toEqual({ kind: "kept" });
  expect([sent, (await entriesOf(device, "pia")).length, await readDraft(device, place)]).toEqual([[], 1, null]);
  const other = newDraft({ ...place, visit_id: "v2" }, new Date());
  const again = await play(task, HOST, { ...told(other), device: crowd });
  if (again.kind !== "held") throw new Error(again.kind);
  expect(await rescue(crowd, again.finished, send)).toEqual({ kind: "sent" });
  expect([sent, await readDraft(device, other)]).toEqual([[other.submission_key], null]);
});

test("room is tried, not estimated, and the trial leaves nothing", async () => {
  const { device } = await world();
  expect([await hasRoom(device), await device.count("copies")]).toEqual([true, 0]);
  expect(await hasRoom(shaky(device, () => true, "put"))).toBe(false);
});

test("signed out in another tab in mid-task: what the person agreed to lose does not come back", async () => {
  const { device, told, draft } = await world();
  const task: Pick<TaskModule, "runTask"> = {
    runTask: async (...given) => {
      await device.clear("drafts");
      return taskOf().runTask(...given);
    },
  };
  expect(await play(task, HOST, told(draft))).toEqual({ kind: "gone" });
  expect([await device.count("outbox"), await device.count("drafts")]).toEqual([0, 0]);
});

test("a clock that is set back in mid-task makes no result that ends before it begins", async () => {
  const { device, told, draft } = await world();
  await play(taskOf(), HOST, { ...told(draft), now: () => new Date(Date.UTC(2020, 0, 1)) });
  const [entry] = await entriesOf(device, "pia");
  expect(entry?.body?.completed_at).toBe(draft.started_at);
});

const health = (environment: string) => async () => ({ kind: "ok", data: { environment } }) as never;

test("a task plays itself only when asked, and only where the server says that it is not production", async () => {
  expect(await allowedSimulation("?simulate=visual", health("demo"))).toBe("visual");
  expect(await allowedSimulation("?simulate=data-only", health("staging"))).toBe("data-only");
  expect(await allowedSimulation("?simulate=visual", health("production"))).toBeNull();
  expect(await allowedSimulation("?simulate=visual", async () => ({ kind: "unreachable" }))).toBeNull();
  expect(await allowedSimulation("?simulate=all", health("demo"))).toBeNull();
  expect(await allowedSimulation("", health("demo"))).toBeNull();
});
