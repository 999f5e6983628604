/** Changes that come fast are acted on together: a busy study must not use up the requests of the person who watches it. */

/** As many times in as many milliseconds; the first changes are acted on at once. */
const MOST = 6;
const WITHIN_MS = 30_000;

export interface Gathered {
  add: (topics: readonly string[]) => void;
  stop: () => void;
}

/** Calls `act` with the topics of one change or of several, at most `MOST` times within `WITHIN_MS`. */
export function gather(act: (topics: readonly string[]) => void): Gathered {
  const times: number[] = [];
  let waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const go = () => {
    const topics = [...waiting];
    waiting = new Set();
    timer = undefined;
    times.push(Date.now());
    if (times.length > MOST) times.shift();
    act(topics);
  };
  return {
    add: (topics) => {
      for (const topic of topics) waiting.add(topic);
      if (timer !== undefined) return;
      const first = times.length < MOST ? undefined : times[0];
      const pause = first === undefined ? 0 : Math.max(0, first + WITHIN_MS - Date.now());
      if (pause === 0) go();
      else timer = setTimeout(go, pause);
    },
    stop: () => clearTimeout(timer),
  };
}
