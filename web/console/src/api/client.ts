/** The console's one client: it carries the CSRF proof, turns refusals into errors, and tells when the session is over. */
import { createApi, type Middleware } from "@metricis/api";
import { Refusal } from "./refusal";

const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);

let csrf = "";
let signedOut: () => void = () => undefined;

/** Keeps the proof that unsafe requests of this session carry. */
export function keepCsrf(value: string): void {
  csrf = value;
}

/** Says what to do when the server no longer knows the session. */
export function onSignedOut(act: () => void): void {
  signedOut = act;
}

const proof: Middleware = {
  onRequest({ request }) {
    if (UNSAFE.has(request.method)) request.headers.set("X-Metricis-CSRF", csrf);
    return request;
  },
  onResponse({ request, response }) {
    if (response.status === 401 && !request.url.endsWith("/api/auth/session")) signedOut();
    return response;
  },
};

export const api = createApi();
api.use(proof);

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer, or its refusal as an error. */
export async function take<T>(asked: Promise<Answered<T>>): Promise<T> {
  const answered = await asked.catch((cause: unknown) => {
    throw new Refusal(
      0,
      "The server cannot be reached",
      "Check your connection; this page tries again by itself.",
      cause,
    );
  });
  if (!answered.response.ok) throw Refusal.from(answered.response, answered.error);
  return answered.data as T;
}
