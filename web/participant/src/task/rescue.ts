/** A result that is in the page's memory only, because the device would not keep it: kept as soon as it can be, or sent from here. */
import type { Device } from "../device/store";
import type { Answer, Submission } from "../outbox/entry";
import { type Finished, keepResult } from "../outbox/outbox";

export type Rescued = { kind: "kept" | "sent" } | { kind: "held"; reason: string | null };

export async function rescue(
  device: Device,
  finished: Finished,
  send: (body: Submission) => Promise<Answer>,
): Promise<Rescued> {
  if (await keepResult(device, finished).catch(() => false)) return { kind: "kept" };
  const answer = await send(finished.body);
  if (answer.kind !== "stored") return { kind: "held", reason: answer.kind === "refused" ? answer.reason : null };
  // The server has it under its key; a draft that stays would only offer to do it again.
  await device.delete("drafts", finished.draft).catch(() => undefined);
  return { kind: "sent" };
}
