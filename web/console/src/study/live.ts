/** Follows a study's changes: each names its topics, and the pages that show them read again. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { refresh } from "../api/query";
import { sessionQuery } from "../session/session";
import { follow } from "./follow";

export type Liveness = { live: true } | { live: false; since: Date | null };

export function useLiveChanges(study: string): Liveness {
  const client = useQueryClient();
  const [state, setState] = useState<Liveness>({ live: false, since: null });
  useEffect(() => {
    const following = follow({
      open: () => new EventSource(`/api/studies/${study}/changes`),
      read: (topics) => void refresh(client, study, topics),
      tell: (live) =>
        setState((now) => {
          if (live) return { live: true };
          return now.live || now.since === null ? { live: false, since: new Date() } : now;
        }),
      refused: () => void client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
    });
    const look = () => following.look(document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      following.stop();
    };
  }, [client, study]);
  return state;
}
