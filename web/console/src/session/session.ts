/** Who is signed in: asked once, kept until the server says otherwise. */
import { queryOptions } from "@tanstack/react-query";
import { api, keepCsrf, take } from "../api/client";
import type { SignedIn } from "../api/shown";
import { queryClient } from "../api/query";
import { Refusal } from "../api/refusal";
import { mayBeSignedIn, noteSignIn } from "./trace";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: readSession,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
});

/** The server does not say which of the two is wrong, nor whether the account waits after too many tries. */
const WRONG = new Refusal(
  401,
  "The email or the password is wrong",
  "Check both and try again. After many wrong tries an account waits for a while before it opens.",
);

/** The session, or null when there is none; where nobody has signed in, the server need not be asked. */
async function readSession(): Promise<SignedIn | null> {
  return mayBeSignedIn() ? askSession() : null;
}

async function askSession(): Promise<SignedIn | null> {
  try {
    const session = await take(api.GET("/api/auth/session"));
    keepCsrf(session.csrf_token ?? "");
    return session;
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return null;
    throw error;
  }
}

/** What the server says of the session after another tab has signed in or out. */
export async function readAgain(): Promise<SignedIn | null> {
  const session = await askSession();
  if (session && !mayBeSignedIn()) noteSignIn(true);
  queryClient.setQueryData(sessionQuery.queryKey, session);
  return session;
}

export async function signIn(email: string, password: string): Promise<SignedIn | null> {
  try {
    await take(api.POST("/api/auth/session", { body: { email, password } }));
  } catch (error) {
    throw error instanceof Refusal && error.status === 401 ? WRONG : error;
  }
  noteSignIn(true);
  queryClient.clear();
  return queryClient.fetchQuery(sessionQuery);
}

/** Ends the session on the server; the caller leaves the study's pages before it forgets what they showed. */
export async function signOut(): Promise<void> {
  await take(api.DELETE("/api/auth/session"));
}

/** Drops everything that the session could see. */
export function forget(): void {
  noteSignIn(false);
  keepCsrf("");
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, null);
}
