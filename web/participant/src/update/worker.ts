/**
 * The service worker that lets the app open offline, and its next version.
 *
 * A new version takes over only when a person asks, only while no tab has a task open (each holds a shared lock), and only
 * the tab that asked is loaded anew. Results are in the device's database, which no version change touches.
 */

/** False when a task is open somewhere. */
export type Apply = () => Promise<boolean>;

export const TASK_OPEN = "metricis-task-open";

type Found = (apply: Apply) => void;

let waiting: Apply | null = null;
let replaced = false;
const listeners = new Set<Found>();

export function watchForUpdate(found: Found): () => void {
  listeners.add(found);
  if (waiting) found(waiting);
  return () => void listeners.delete(found);
}

/** Whether another tab has brought a new version: then code that this page has not loaded yet is gone. */
export function isReplaced(): boolean {
  return replaced;
}

export async function registerWorker(): Promise<void> {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  const base = import.meta.env.BASE_URL;
  const before = navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", () => (replaced = before !== null));
  const registration = await navigator.serviceWorker.register(`${base}sw.js`, { scope: base });
  if (registration.waiting && registration.active) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    next?.addEventListener("statechange", () => {
      // Without an active one this is the first, which replaces nothing.
      if (next.state === "installed" && registration.active) offer(next);
    });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void registration.update().catch(() => undefined);
  });
}

function offer(next: ServiceWorker): void {
  waiting = () => apply(next);
  for (const found of listeners) found(waiting);
}

async function apply(next: ServiceWorker): Promise<boolean> {
  const take = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    next.postMessage({ type: "SKIP_WAITING" }, []);
    return true;
  };
  if (!("locks" in navigator)) return take();
  return navigator.locks.request(TASK_OPEN, { ifAvailable: true }, (lock) => (lock ? take() : false));
}
