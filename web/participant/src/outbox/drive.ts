/** Decides when to upload: at once, when the line or the page comes back, and when the next wait is over. */
import { currentSession } from "../session/session";
import { waitOf } from "./entry";
import { entriesOf } from "./outbox";
import { upload, type Uploader } from "./upload";

/** While another tab uploads, or the line is down without telling. */
const LOOK_AGAIN_MS = 15_000;

/** Returns how to ask for an upload now. */
export function driveUploads(uploader: Uploader): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = async () => {
    clearTimeout(timer);
    const ended = navigator.onLine ? await upload(uploader) : "unreachable";
    const wait = ended === "signed-out" ? null : await untilNext(uploader);
    clearTimeout(timer);
    if (wait !== null && document.visibilityState === "visible") timer = setTimeout(go, wait);
  };
  const go = () => void run().catch(() => undefined);
  addEventListener("online", go);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") go();
  });
  go();
  return go;
}

async function untilNext({ device, now }: Uploader): Promise<number | null> {
  const session = await currentSession(device);
  if (!session) return null;
  const waiting = (await entriesOf(device, session.owner)).filter((entry) => entry.state === "saved");
  if (waiting.length === 0) return null;
  const wait = Math.min(...waiting.map((entry) => waitOf(entry, now())));
  return wait === 0 ? LOOK_AGAIN_MS : wait + 50;
}
