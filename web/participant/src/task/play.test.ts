/** A task's way from the first trial to the outbox, with tabs that die on it. */
import { expect, test } from "vitest";
import { entriesOf } from "../outbox/outbox";
import { newDevice } from "../testing/device";
import { newDraft, readDraft } from "./draft";
import { play, type Play } from "./play";
import type { TaskModule } from "./registry";
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
    signal: new AbortController().signal,
    now: () => new Date(Date.UTC(2026, 10, 23, 12, 5)),
  });
  return { device, told, draft: newDraft(place, new Date(Date.UTC(2026, 10, 23, 12, 0))) };
}

test("finished: the draft has become one result with the key that it had from the beginning", async () => {
  const { device, told, draft } = await world();
  expect(await play(taskOf(), HOST, told(draft))).toBe(true);
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
  expect(await play(taskOf(2), HOST, told(draft))).toBe(false);
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
  const { keepTrial } = await import("./draft");
  await keepTrial(device, draft, { place: 9 }, new Date());
  expect(await readDraft(device, place)).toMatchObject({ submission_key: anew.submission_key, trials: [] });
});

test("a device that cannot save says so before the first trial", async () => {
  const { device, told, draft } = await world();
  device.close();
  const seen: Run[] = [];
  await expect(play(taskOf(3, seen), HOST, told(draft))).rejects.toThrow(DOMException);
  expect(seen).toEqual([]);
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
