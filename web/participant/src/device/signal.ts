/** Tells every tab, this one too, that what the device keeps has changed. */

export interface Signal {
  tell(): void;
  hear(listener: () => void): () => void;
}

export function openSignal(name = "metricis-device"): Signal {
  const listeners = new Set<() => void>();
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : null;
  const ring = () => listeners.forEach((listener) => listener());
  channel?.addEventListener("message", ring);
  return {
    tell: () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has one origin and takes none
      channel?.postMessage("changed");
      ring();
    },
    hear: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
