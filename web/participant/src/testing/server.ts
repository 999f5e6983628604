/** The server's promise about submissions, as a stand-in: one session for each key, whoever asks however often. */
import type { Answer, Submission } from "../outbox/entry";

export class Server {
  readonly sessions = new Map<string, string>();
  readonly asked: { key: string; token: string }[] = [];
  /** What the next requests are answered instead. */
  readonly instead: (Answer | "stored, and the answer is lost" | "never")[] = [];
  readonly validTokens: Set<string>;

  constructor(...validTokens: string[]) {
    this.validTokens = new Set(validTokens);
  }

  readonly send = async (body: Submission, token: string): Promise<Answer> => {
    this.asked.push({ key: body.submission_key, token });
    const instead = this.instead.shift();
    if (instead === "never") return new Promise(() => undefined);
    if (instead && instead !== "stored, and the answer is lost") return instead;
    if (!this.validTokens.has(token)) return refusal(401, "send a token that has not expired");
    const text = JSON.stringify(body);
    const before = this.sessions.get(body.submission_key) ?? text;
    if (before !== text) return refusal(409, "this submission_key was used for another result");
    this.sessions.set(body.submission_key, text);
    return instead ? { kind: "unreachable" } : { kind: "stored", sync_status: "pending" };
  };
}

export function refusal(status: number, reason = "no", retry_after_s: number | null = null): Answer {
  return { kind: "refused", status, reason, retry_after_s };
}
