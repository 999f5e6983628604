/** How answers are kept: each query names the topics of a study that make it stale. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { Refusal } from "./refusal";

export const TOPICS = [
  "participants",
  "visits",
  "events",
  "sessions",
  "breaker",
  "redcap",
  "settings",
  "board",
  "audit",
] as const;

export type Topic = (typeof TOPICS)[number];

/** The options of a query of one study; `key` is its name and its arguments. */
export function studyQuery<T>(study: string, topics: readonly Topic[], key: readonly unknown[], ask: () => Promise<T>) {
  return queryOptions({ queryKey: [study, ...key], queryFn: ask, meta: { topics } });
}

/** Reads again what these topics have made stale. */
export async function refresh(client: QueryClient, study: string, topics: readonly string[]): Promise<void> {
  await client.invalidateQueries({
    predicate: ({ queryKey, meta }) => {
      const named = Array.isArray(meta?.["topics"]) ? (meta["topics"] as string[]) : [];
      return queryKey[0] === study && named.some((topic) => topics.includes(topic));
    },
  });
}

/** Only an unreachable or overwhelmed server is asked again; a refusal is shown. */
export function shouldRetry(count: number, error: unknown): boolean {
  const status = error instanceof Refusal ? error.status : -1;
  return count < 2 && (status === 0 || status === 429 || status >= 502);
}

/** The server says when; where it does not, each pause is twice as long as the last. */
export function pauseBeforeRetry(count: number, error: unknown): number {
  const asked = error instanceof Refusal ? error.retryAfterS : undefined;
  return 1000 * (asked ?? 2 ** count);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 15_000, gcTime: 300_000, retry: shouldRetry, retryDelay: pauseBeforeRetry },
    mutations: { retry: false },
  },
});
