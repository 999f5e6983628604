/** What a phone loads before a task: at most 60 kB, compressed; the task and the other language are not among it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";

const SHELL_LIMIT = 60_000;
const folder = mkdtempSync(join(tmpdir(), "metricis-shell."));

beforeAll(() => {
  // Apart from this process, whose NODE_ENV is `test`: libraries would come with their checks for developers.
  const env = { ...process.env, NODE_ENV: "production", METRICIS_WEB_OUT: "" };
  const vite = join(import.meta.dirname, "../node_modules/vite/bin/vite.js");
  execFileSync(process.execPath, [vite, "build", "--outDir", folder], { cwd: import.meta.dirname, env, stdio: "pipe" });
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (path: string) => readFileSync(join(folder, path), "utf8");
const size = (path: string) => gzipSync(readFileSync(join(folder, path)), { level: 9 }).length;
const assets = () => readdirSync(join(folder, "assets"));

test("the shell has at most 60 kB", () => {
  const named = [...text("index.html").matchAll(/\/app\/(assets\/[^"]+)/g)].map(([, path]) => path ?? "");
  const language = assets().find((name) => name.startsWith("fr-"));
  const loaded = ["index.html", ...named, `assets/${language}`];
  const sizes = Object.fromEntries(loaded.map((path) => [path, size(path)]));
  const total = Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0);
  expect(named.length).toBeGreaterThanOrEqual(2);
  expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(SHELL_LIMIT);
  expect(
    named.some((path) => text(path).includes("srt-field")),
    "the task is in the shell",
  ).toBe(false);
});

test("all of it is kept for offline use, and nothing else", () => {
  const worker = text("sw.js");
  for (const name of assets()) expect(worker).toContain(`assets/${name}`);
  expect(worker).toContain("index.html");
  expect(worker).not.toMatch(/url:"[^"]*api/);
});

test("nothing needs more than the policy gives: no script, style or handler in the page itself", () => {
  const page = text("index.html");
  expect(page).not.toMatch(/<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=/);
});
