/** Reads from the server and keeps a copy; without a line the copy is shown, with the moment at which it was true. */
import type { Device } from "../device/store";
import { endSession, type Session } from "../session/session";
import type { Said } from "./api";

export interface Reading<T> {
  data: T;
  read_at: number;
  /** Read just now; otherwise this is the copy of `read_at`, because nobody was there or the server said no. */
  from: "server" | "unreachable" | "refused";
}

/** Neither the server nor a copy. */
export class Unread extends Error {
  constructor(readonly reason: string | null) {
    super(reason ?? "unreachable");
  }
}

export async function readThrough<T>(
  device: Device,
  { owner, token }: Session,
  name: string,
  ask: (token: string) => Promise<Said<T>>,
  ended: () => void,
  now: () => number = Date.now,
): Promise<Reading<T>> {
  const asked_at = now();
  const answer = await ask(token);
  if (answer.kind === "ok") {
    await device.put("copies", { owner, name, value: answer.data, read_at: asked_at });
    return { data: answer.data, read_at: asked_at, from: "server" };
  }
  if (answer.kind === "refused" && answer.status === 401 && (await endSession(device, token))) ended();
  const copy = await device.get("copies", [owner, name]);
  if (copy) return { data: copy.value as T, read_at: copy.read_at, from: answer.kind };
  throw new Unread(answer.kind === "refused" ? answer.reason : null);
}
