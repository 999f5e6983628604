/** The server as this app speaks to it: an answer, a refusal in its own words, or nobody there. */
import { createApi, type Problem, type Schemas } from "@metricis/api";
import type { Answer, Submission } from "../outbox/entry";

const api = createApi();
const LIMIT_MS = 30_000;

export type Said<T> =
  | { kind: "ok"; data: T }
  | { kind: "refused"; status: number; reason: string; retry_after_s: number | null }
  | { kind: "unreachable" };

interface Fetched<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** Only our own words count: a hotel's sign-in page, or a proxy's, is nobody there. */
async function said<T>(asked: Promise<Fetched<T>>): Promise<Said<T>> {
  try {
    const { data, error, response } = await asked;
    const type = response.headers.get("content-type") ?? "";
    if (response.ok && type.startsWith("application/json") && data !== undefined) return { kind: "ok", data };
    if (response.ok && response.status === 204) return { kind: "ok", data: undefined as T };
    if (response.ok || !type.startsWith("application/problem+json")) return { kind: "unreachable" };
    const problem = error as Problem & { retry_after_s?: number };
    const reason = problem.detail ?? problem.title;
    return { kind: "refused", status: response.status, reason, retry_after_s: problem.retry_after_s ?? null };
  } catch {
    return { kind: "unreachable" };
  }
}

const call = (token: string) => ({
  headers: { Authorization: `Bearer ${token}` },
  signal: AbortSignal.timeout(LIMIT_MS),
});

export const enter = (code: string): Promise<Said<Schemas["ParticipantToken"]>> =>
  said(api.POST("/api/auth/participant", { body: { code }, signal: AbortSignal.timeout(LIMIT_MS) }));

export const readTasks = (token: string): Promise<Said<Schemas["TaskList"]>> =>
  said(api.GET("/api/portal/tasks", call(token)));

export const readDataStatus = (token: string): Promise<Said<Schemas["DataStatusShown"]>> =>
  said(api.GET("/api/portal/data-status", call(token)));

export const consent = (token: string): Promise<Said<Schemas["ConsentRecorded"]>> =>
  said(api.POST("/api/portal/consent", call(token)));

export const readHealth = (): Promise<Said<Schemas["Health"]>> =>
  said(api.GET("/api/health", { signal: AbortSignal.timeout(LIMIT_MS) }));

export async function submit(body: Submission, token: string): Promise<Answer> {
  const answer = await said(api.POST("/api/portal/sessions", { ...call(token), body }));
  return answer.kind === "ok" ? { kind: "stored", sync_status: answer.data.sync_status } : answer;
}

/** A path that the generated types do not have yet. */
export async function get<T>(path: string, token: string): Promise<Said<T>> {
  const asked = fetch(path, call(token)).then(async (response) => {
    const body: unknown = await response.json();
    return response.ok ? { data: body as T, response } : { error: body, response };
  });
  return said(asked);
}
