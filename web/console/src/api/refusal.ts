/** What the server refused and why, in the words of its problem document. */
import type { Problem } from "@metricis/api";

export class Refusal extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  /** How long the server asks to wait before the next request. */
  retryAfterS: number | undefined;

  constructor(status: number, title: string, detail: string, cause?: unknown, requestId?: string) {
    super(detail || title, { cause });
    this.name = "Refusal";
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.requestId = requestId;
  }

  /** Reads a problem document; anything else keeps only its status. */
  static from(response: Response, body: unknown): Refusal {
    const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<Problem>;
    const [title, detail] = problem.title ? [problem.title, problem.detail ?? ""] : wordless(response.status);
    const refusal = new Refusal(response.status, title, detail, undefined, problem.request_id ?? undefined);
    refusal.retryAfterS = Number(response.headers.get("retry-after")) || undefined;
    return refusal;
  }
}

/** An answer that does not come from the program itself, such as a gateway's while the program restarts. */
function wordless(status: number): [title: string, detail: string] {
  if (status < 500) return [`The server answered ${status}`, ""];
  return ["The server cannot answer at the moment", `It answered ${status}; it may be restarting. Try again shortly.`];
}

/** Any thrown value in two lines that a person can read. */
export function explain(error: unknown): { title: string; detail: string; requestId: string | undefined } {
  if (error instanceof Refusal) return { title: error.title, detail: error.detail, requestId: error.requestId };
  const detail = error instanceof Error ? error.message : String(error);
  return { title: "This page met an error of its own", detail, requestId: undefined };
}
