/** Opens the device, the words and the app. */
import "./styles/base.css";
import "./styles/pages.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "preact";
import { Fault, Pages } from "./app";
import { openSignal } from "./device/signal";
import { openDevice } from "./device/store";
import { driveUploads } from "./outbox/drive";
import { upload, type Uploader } from "./outbox/upload";
import { submit } from "./portal/api";
import { AppContext, KEPT } from "./session/app";
import { registerWorker } from "./update/worker";
import { beginWords } from "./words/words";

async function begin(root: HTMLElement): Promise<void> {
  // The words first: what follows may fail, and must say so in them.
  await beginWords();
  const device = await openDevice();
  const signal = openSignal();
  // Copies on the device answer without a line, so the queries always run.
  const queries = new QueryClient({
    defaultOptions: { queries: { networkMode: "always", refetchOnReconnect: true, retry: false, gcTime: Infinity } },
  });
  signal.hear(() => void queries.invalidateQueries({ queryKey: [KEPT] }));
  const uploader: Uploader = {
    device,
    send: submit,
    locks: "locks" in navigator ? navigator.locks : null,
    now: Date.now,
    chance: Math.random,
    changed: () => {
      signal.tell();
      void queries.invalidateQueries({ queryKey: ["data-status"] });
    },
  };
  const uploadNow = driveUploads(uploader);
  const uploadAll = async () => void (await upload(uploader, true));
  render(
    <QueryClientProvider client={queries}>
      <AppContext.Provider value={{ device, signal, uploadNow, uploadAll }}>
        <Pages />
      </AppContext.Provider>
    </QueryClientProvider>,
    root,
  );
  // Without it the app works, only not offline.
  await registerWorker().catch(() => undefined);
}

const root = document.getElementById("root");
// What the device itself refuses comes as a `DOMException`.
const kindOf = (fault: unknown) =>
  fault instanceof DOMException || !("indexedDB" in globalThis) ? "blocked" : "fault";
if (root) begin(root).catch((fault: unknown) => render(<Fault kind={kindOf(fault)} />, root));
