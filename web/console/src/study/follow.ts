/** Follows a study's stream of changes: what changed is read again, after a lost stream everything is, and while it is lost some is. */
import { TOPICS } from "../api/query";
import { gather } from "./gather";

/** After the server refused the stream (not merely lost it), the browser does not ask again by itself. */
const AGAIN_MS = 5000;

/** While the stream is lost the pages ask by themselves; the board, whose every check probes the system, does not. */
const POLL_MS = 30_000;
const POLLED = TOPICS.filter((topic) => topic !== "board" && topic !== "settings" && topic !== "redcap");

/** What is used of the browser's stream of events. */
export type Stream = Pick<EventSource, "readyState" | "close"> & {
  addEventListener: (name: string, hear: (event: MessageEvent<string>) => void) => void;
};

export interface Follower {
  open: () => Stream;
  /** Reads again what shows these topics. */
  read: (topics: readonly string[]) => void;
  /** Tells whether the page follows the study. */
  tell: (live: boolean) => void;
  /** The server refuses the stream: the session may be over, or the person no member any more. */
  refused: () => void;
}

export interface Following {
  /** A browser has few connections per server, so a tab that nobody sees gives its own back. */
  look: (hidden: boolean) => void;
  stop: () => void;
}

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

const CLOSED = 2;

export function follow({ open, read, tell, refused }: Follower): Following {
  let source: Stream;
  let again: ReturnType<typeof setTimeout> | undefined;
  let poll: ReturnType<typeof setInterval> | undefined;
  let [missed, toldRefused] = [false, false];
  const changes = gather(read);
  const ask = () => {
    poll ??= setInterval(() => read(POLLED), POLL_MS);
  };
  const unask = () => {
    clearInterval(poll);
    poll = undefined;
  };
  const lost = () => {
    missed = true;
    tell(false);
    ask();
    if (source.readyState !== CLOSED) return;
    if (!toldRefused) refused();
    toldRefused = true;
    again = setTimeout(begin, AGAIN_MS);
  };
  const found = () => {
    tell(true);
    unask();
    if (missed) read(TOPICS);
    [missed, toldRefused] = [false, false];
  };
  function begin() {
    source = open();
    source.addEventListener("open", found);
    source.addEventListener("error", lost);
    source.addEventListener("change", (event) => changes.add(topicsOf(event.data)));
  }
  const end = () => {
    clearTimeout(again);
    source.close();
  };
  ask();
  begin();
  return {
    look: (hidden) => {
      end();
      missed = true;
      if (!hidden) begin();
    },
    stop: () => {
      end();
      unask();
      changes.stop();
    },
  };
}
