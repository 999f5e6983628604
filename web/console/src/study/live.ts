/** Follows a study's changes: each names its topics, and the pages that show them read again. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { refresh, TOPICS } from "../api/query";
import { sessionQuery } from "../session/session";
import { gather } from "./gather";

export type Liveness = { live: true } | { live: false; since: Date | null };

/** After the server refused the stream (not merely lost it), the browser does not ask again by itself. */
const AGAIN_MS = 5000;

/** While the stream is lost the pages ask by themselves; the board, whose every check probes the system, does not. */
const POLL_MS = 30_000;
const POLLED = TOPICS.filter((topic) => topic !== "board" && topic !== "settings" && topic !== "redcap");

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
    let refused = false;
    const changes = gather((topics) => void refresh(client, study, topics));
    const lost = () => {
      missed = true;
      setState((now) => (now.live || now.since === null ? { live: false, since: new Date() } : now));
      if (source.readyState !== EventSource.CLOSED) return;
      // Refused, not lost: the session may be over, or the person no member any more.
      if (!refused) void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      refused = true;
      again = setTimeout(open, AGAIN_MS);
    };
    const found = () => {
      setState({ live: true });
      if (missed) void refresh(client, study, TOPICS);
      missed = false;
      refused = false;
    };
    const open = () => {
      source = new EventSource(`/api/studies/${study}/changes`);
      source.addEventListener("open", found);
      source.addEventListener("error", lost);
      source.addEventListener("change", (event: MessageEvent<string>) => {
        changes.add(topicsOf(event.data));
      });
    };
    // A browser has few connections per server, so a tab that nobody sees gives its own back.
    const look = () => {
      clearTimeout(again);
      source.close();
      missed = true;
      if (!document.hidden) open();
    };
    open();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      clearTimeout(again);
      changes.stop();
      source.close();
    };
  }, [client, study]);
  useEffect(() => {
    if (state.live) return undefined;
    const timer = setInterval(() => void refresh(client, study, POLLED), POLL_MS);
    return () => clearInterval(timer);
  }, [client, study, state.live]);
  return state;
}
