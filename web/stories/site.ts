/** A running study for the stories: `metricis demo` on free ports, with its simulator, its data in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = process.env["METRICIS"] ?? join(import.meta.dirname, "../../target/debug/metricis");
const READY_MS = 120_000;

/** What the demo prints at its end, when asked for JSON. */
export interface Facts {
  study: string;
  code: string;
  metricis: string;
  console: string;
  redcap: string;
  participant_link: string;
  sign_in: { email: string; password: string };
}

export class Site {
  private constructor(
    readonly facts: Facts,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Plays the demo's story; resolves when it keeps serving. */
  static async start(): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), "metricis-stories."));
    const words = ["demo", "--json", "--data", join(folder, "data"), "--listen", "127.0.0.1:0"];
    const child = spawn(PROGRAM, [...words, "--redcap-listen", "127.0.0.1:0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const facts = await factsOf(child).catch((error: unknown) => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    });
    return new Site(facts, child, folder);
  }

  /** The folder with the study's data. */
  get data(): string {
    return join(this.folder, "data");
  }

  /** What an operator does at the command line beside the running program; returns what it printed. */
  command(words: readonly string[], input = ""): string {
    return execFileSync(PROGRAM, ["--data", this.data, ...words], { input, encoding: "utf8" });
  }

  /** A second study, with an owner of its own and a coordinator, who is returned; nobody of the first study knows of it. */
  secondStudy(code: string, name: string): Facts["sign_in"] {
    const [owner, email, password] = [`owner@${code}.example`, `cleo@${code}.example`, "correct horse battery staple"];
    for (const one of [owner, email]) this.command(["user", "create", one, "--password-stdin"], `${password}\n`);
    this.command(["study", "create", code, "--name", name, "--owner", owner]);
    this.command(["study", "grant", code, "--user", email, "--role", "coordinator"]);
    return { email, password };
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function factsOf(child: ChildProcess): Promise<Facts> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the demo was not ready after ${READY_MS} ms`)), READY_MS);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    const lines: string[] = [];
    createInterface({ input: child.stdout! }).on("line", (line) => {
      lines.push(line);
      const said: unknown = parse(line);
      if (typeof said === "object" && said !== null && "sign_in" in said) {
        clearTimeout(late);
        child.removeAllListeners("exit");
        resolve(said as Facts);
      }
    });
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
