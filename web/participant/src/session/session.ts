/** Whose device this is at the moment. */
import type { Device } from "../device/store";

export interface Session {
  token: string;
  /** The participant that the token names; what is kept is kept under this. */
  owner: string;
  /** The server did not accept the token any more: a new link is needed, and nothing is lost meanwhile. */
  over: boolean;
}

/** The subject of a token. Read, not trusted: the server decides on every request. */
export function ownerOf(token: string): string | null {
  const { sub } = claimsOf(token);
  return typeof sub === "string" && sub !== "" ? sub : null;
}

/** When the token ends by itself, in milliseconds. */
export function endOf(token: string): number | null {
  const { exp } = claimsOf(token);
  return typeof exp === "number" ? exp * 1_000 : null;
}

function claimsOf(token: string): { sub?: unknown; exp?: unknown } {
  try {
    const claims = token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? "";
    return (JSON.parse(atob(claims)) ?? {}) as object;
  } catch {
    return {};
  }
}

/** What another participant left to read is removed; what they have not sent stays theirs, for their next link. */
export async function beginSession(device: Device, token: string, owner: string): Promise<Session> {
  const session = { token, owner, over: false };
  const tx = device.transaction(["session", "copies"], "readwrite");
  for (const key of await tx.objectStore("copies").getAllKeys()) {
    if (key[0] !== owner) await tx.objectStore("copies").delete(key);
  }
  await tx.objectStore("session").put(session, "current");
  await tx.done;
  return session;
}

export async function currentSession(device: Device): Promise<Session | null> {
  return (await device.get("session", "current")) ?? null;
}

/** Marks the session over, unless a newer one has begun since; whether it did. */
export async function endSession(device: Device, token: string): Promise<boolean> {
  const tx = device.transaction("session", "readwrite");
  const current = await tx.store.get("current");
  const ends = current?.token === token && !current.over;
  if (ends) await tx.store.put({ ...current, over: true }, "current");
  await tx.done;
  return ends;
}
