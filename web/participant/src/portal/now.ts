/** The present by the server's clock, once more every half minute, so that a window opens on a page that stays open. */
import { useEffect, useState } from "preact/hooks";

const EVERY_MS = 30_000;

export function useNow(ahead_ms = 0): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return now + ahead_ms;
}
