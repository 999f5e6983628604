/** The server as this app speaks to it: an answer, a refusal in its own words, or nobody there. */
import { createApi, type Problem, type Schemas } from "@metricis/api";
import type { Answer, Submission } from "../outbox/entry";

const api = createApi();
const LIMIT_MS = 30_000;
/** Somebody stands there and wants to be gone. */
const SIGN_OUT_LIMIT_MS = 10_000;

export type Said<T> =
  | { kind: "ok"; data: T; date: string | null }
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
    const date = response.headers.get("date");
    if (response.ok && type.startsWith("application/json") && data !== undefined) return { kind: "ok", data, date };
    if (response.ok && response.status === 204) return { kind: "ok", data: undefined as T, date };
    if (response.ok || !type.startsWith("application/problem+json")) return { kind: "unreachable" };
    const problem = error as Problem & { retry_after_s?: number };
    const reason = problem.detail ?? problem.title;
    return { kind: "refused", status: response.status, reason, retry_after_s: problem.retry_after_s ?? null };
  } catch {
    return { kind: "unreachable" };
  }
}

const call = (token: string, limit_ms = LIMIT_MS) => ({
  headers: { Authorization: `Bearer ${token}` },
  signal: AbortSignal.timeout(limit_ms),
});

export const enter = (code: string): Promise<Said<Schemas["ParticipantToken"]>> =>
  said(api.POST("/api/auth/participant", { body: { code }, signal: AbortSignal.timeout(LIMIT_MS) }));

/** Ends the session on the server; goes out even when the page is closed meanwhile. */
export const signOut = (token: string): Promise<Said<undefined>> =>
  said(api.POST("/api/auth/participant/sign-out", { ...call(token, SIGN_OUT_LIMIT_MS), keepalive: true }));

export const readTasks = (token: string): Promise<Said<Schemas["TaskList"]>> =>
  said(api.GET("/api/portal/tasks", call(token)));

export const readSchedule = (token: string): Promise<Said<Schemas["OwnSchedule"]>> =>
  said(api.GET("/api/portal/schedule", call(token)));

export const readSent = (token: string): Promise<Said<Schemas["OwnSessions"]>> =>
  said(api.GET("/api/portal/sessions", call(token)));

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
