/** Signing out: nothing of the participant stays, nothing of anybody else goes, and the server ends the session if it can be reached. */
import { DATABASE, type Device } from "../device/store";
import type { Said } from "../portal/api";
import { endOf } from "./session";

export interface Farewell {
  /** Whether the server accepts the session no more. */
  told: Promise<boolean>;
  /** When it ends there by itself, in milliseconds. */
  ends_at: number | null;
}

export function tellServer(token: string, signOut: (token: string) => Promise<Said<unknown>>): Farewell {
  // 401: it was over there already.
  const told = signOut(token).then(({ kind, ...said }) => kind === "ok" || ("status" in said && said.status === 401));
  return { told, ends_at: endOf(token) };
}

/** Deletes all that is kept for `owner`; without others' work the whole database and all that is stored by the browser. */
export async function forget(device: Device, owner: string): Promise<void> {
  const tx = device.transaction(["session", "copies", "outbox", "drafts"], "readwrite");
  await tx.objectStore("session").clear();
  await tx.objectStore("copies").clear();
  for (const name of ["outbox", "drafts"] as const) {
    const store = tx.objectStore(name);
    for (const key of await store.index("owner").getAllKeys(owner)) await store.delete(key);
  }
  const others = (await tx.objectStore("outbox").count()) + (await tx.objectStore("drafts").count());
  await tx.done;
  localStorage.clear();
  sessionStorage.clear();
  if (others > 0) return;
  device.close();
  await new Promise<void>((resolve) => {
    const gone = indexedDB.deleteDatabase(device.name || DATABASE);
    // Blocked by a tab that is just closing: it is emptied already.
    for (const ended of ["success", "error", "blocked"]) gone.addEventListener(ended, () => resolve());
  });
}
