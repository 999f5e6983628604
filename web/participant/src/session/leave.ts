/** Signing out: nothing of the participant stays, and nothing of anybody else goes. */
import { DATABASE, type Device } from "../device/store";

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
