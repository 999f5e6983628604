/** A simulated REDCap by itself: `metricis redcap-sim` on a free port, gone with the story. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = process.env["METRICIS"] ?? join(import.meta.dirname, "../../target/debug/metricis");

export class Redcap {
  private constructor(
    /** Without a trailing slash. */
    readonly address: string,
    readonly project: number,
    private readonly process: ChildProcess,
  ) {}

  static async start(): Promise<Redcap> {
    const words = ["redcap-sim", "--json", "--listen", "127.0.0.1:0"];
    const child = spawn(PROGRAM, words, { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    for await (const line of createInterface({ input: child.stdout })) {
      text += line;
      if (line === "}") break;
    }
    const facts = JSON.parse(text) as { url: string; projects: { project_id: number }[] };
    return new Redcap(facts.url.replace(/\/$/, ""), facts.projects[0]?.project_id ?? 0, child);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
  }

  /** Saves a form as a person at the hospital does. */
  async save(record: string, instrument: string, more: object = {}): Promise<void> {
    const form = { record, instrument, complete: 2, user: "jsmith", dag: "site_north", ...more };
    const url = `${this.address}/sim/projects/${this.project}/save`;
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(form) });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  }
}
