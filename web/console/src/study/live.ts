/** Follows a study's changes: each names its topics, and the pages that show them read again. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { refresh, TOPICS } from "../api/query";

export type Liveness = { live: true } | { live: false; since: Date | null };

/** After the server refused the stream (not merely lost it), the browser does not ask again by itself. */
const AGAIN_MS = 5000;

/** The topics of a change, or all of them when it cannot be read. */
export function topicsOf(data: string): readonly string[] {
  try {
    const change: unknown = JSON.parse(data);
    if (typeof change === "object" && change !== null && "topics" in change && Array.isArray(change.topics)) {
      return change.topics.filter((topic) => typeof topic === "string");
    }
  } catch {
    // Falls through: a change that cannot be read may be about anything.
  }
  return TOPICS;
}

export function useLiveChanges(study: string): Liveness {
  const client = useQueryClient();
  const [state, setState] = useState<Liveness>({ live: false, since: null });
  useEffect(() => {
    let source: EventSource;
    let again: ReturnType<typeof setTimeout> | undefined;
    let missed = false;
    const lost = () => {
      missed = true;
      setState((now) => (now.live || now.since === null ? { live: false, since: new Date() } : now));
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_MS);
    };
    const found = () => {
      setState({ live: true });
      if (missed) void refresh(client, study, TOPICS);
      missed = false;
    };
    const open = () => {
      source = new EventSource(`/api/studies/${study}/changes`);
      source.addEventListener("open", found);
      source.addEventListener("error", lost);
      source.addEventListener("change", (event: MessageEvent<string>) => {
        void refresh(client, study, topicsOf(event.data));
      });
    };
    open();
    return () => {
      clearTimeout(again);
      source.close();
    };
  }, [client, study]);
  return state;
}
