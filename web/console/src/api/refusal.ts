/** What the server refused and why, in the words of its problem document. */
import type { Problem } from "@metricis/api";

export class Refusal extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | undefined;

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
    const title = problem.title ?? `The server answered ${response.status}`;
    return new Refusal(response.status, title, problem.detail ?? "", undefined, problem.request_id ?? undefined);
  }
}

/** Any thrown value in two lines that a person can read. */
export function explain(error: unknown): { title: string; detail: string; requestId: string | undefined } {
  if (error instanceof Refusal) return { title: error.title, detail: error.detail, requestId: error.requestId };
  const detail = error instanceof Error ? error.message : String(error);
  return { title: "This page met an error of its own", detail, requestId: undefined };
}
