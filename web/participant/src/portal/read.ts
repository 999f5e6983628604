/** Reads from the server and keeps a copy; without a line the copy is shown, with the moment at which it was true. */
import type { Copy, Device } from "../device/store";
import { endSession, type Session } from "../session/session";
import type { Said } from "./api";

const MINUTE_MS = 60_000;

export interface Reading<T> {
  data: T;
  /** On this device's clock, as all moments here. */
  read_at: number;
  /** How far the server's clock was ahead of this device's: windows open and close by the server's. */
  ahead_ms: number;
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
  session: Session,
  name: string,
  ask: (token: string) => Promise<Said<T>>,
  ended: () => void,
  now: () => number = Date.now,
): Promise<Reading<T>> {
  const { owner, token } = session;
  const answer = await ask(token);
  if (answer.kind === "ok") {
    const read_at = now();
    const ahead_ms = aheadBy(answer.date, read_at);
    // A device without room still shows what the server says.
    await keepCopy(device, session, { owner, name, value: answer.data, read_at, ahead_ms }).catch(() => undefined);
    return { data: answer.data, read_at, ahead_ms, from: "server" };
  }
  if (answer.kind === "refused" && answer.status === 401 && (await endSession(device, token))) ended();
  const copy = await device.get("copies", [owner, name]);
  if (!copy) throw new Unread(answer.kind === "refused" ? answer.reason : null);
  return { data: copy.value as T, read_at: copy.read_at, ahead_ms: copy.ahead_ms, from: answer.kind };
}

/** Not after somebody has signed out, or another has entered, while the answer was on its way. */
async function keepCopy(device: Device, { token }: Session, copy: Copy): Promise<void> {
  const tx = device.transaction(["session", "copies"], "readwrite");
  const current = await tx.objectStore("session").get("current");
  if (current?.token === token) await tx.objectStore("copies").put(copy);
  await tx.done;
}

/** The header tells whole seconds: less than a minute is no difference. */
function aheadBy(date: string | null, now: number): number {
  const ahead = date ? Date.parse(date) - now : 0;
  return Math.abs(ahead) >= MINUTE_MS ? ahead : 0;
}
