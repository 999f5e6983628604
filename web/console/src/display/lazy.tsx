/** Pages that load by themselves: fetched ahead while nothing else is to do, and told apart when one cannot be had. */
import { type ComponentType, use } from "react";
import { Refusal } from "../api/refusal";

interface Lazy {
  (): React.ReactNode;
  preload: () => Promise<void>;
}

const all: { preload: () => Promise<void>; forget: () => void }[] = [];

const RELOADED = "metricis.console.reloaded";

/** A page by the module that holds it. */
export function page(load: () => Promise<ComponentType>): Lazy {
  let Found: ComponentType | undefined;
  let error: unknown;
  let asked: Promise<void> | undefined;
  const preload = () =>
    (asked ??= load().then(
      (found) => {
        Found = found;
      },
      async (cause: unknown) => {
        error = await whyNot(cause);
      },
    ));
  const forget = () => {
    if (!error) return;
    error = undefined;
    asked = undefined;
  };
  all.push({ preload, forget });
  const Page = () => {
    if (error) throw error;
    if (!Found) use(preload());
    return Found && <Found />;
  };
  return Object.assign(Page, { preload });
}

/** A module that the server no longer has belongs to an older version of the pages: then all of them are loaded anew, once. */
async function whyNot(cause: unknown): Promise<unknown> {
  const answer = await fetch(import.meta.env.BASE_URL, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok)
    return new Refusal(0, "The server cannot be reached", "Check your connection, then try again.", cause);
  if (sessionStorage.getItem(RELOADED) !== window.location.href) {
    sessionStorage.setItem(RELOADED, window.location.href);
    window.location.reload();
  }
  return new Refusal(0, "This page has changed on the server", "Load it again to get its new version.", cause);
}

/** Pages that could not be had are asked for again when they are next shown. */
export function askAgain(): void {
  for (const { forget } of all) forget();
}

/** Fetches the other pages once this one stands, so that they open at once, and while the server restarts as well. */
export function fetchAhead(): void {
  const rest = [...all];
  const next = () => {
    const one = rest.shift();
    if (one) void one.preload().then(() => (one.forget(), next()));
  };
  // Not every browser tells when it is idle.
  if ("requestIdleCallback" in window) window.requestIdleCallback(next, { timeout: 5000 });
  else setTimeout(next, 2000);
}
