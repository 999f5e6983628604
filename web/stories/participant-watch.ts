/** What must be true of every page that a story sees: axe finds nothing, the console is clean, the policy was kept. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RUN = `${AXE};axe.run(document).then((found) => JSON.stringify(found.violations.map(({ id, nodes }) =>
  ({ id, nodes: nodes.map(({ target }) => String(target)) }))))`;

/** Lines that a browser writes by itself when the line is cut, or when the server refuses. */
const EXPECTED = /net::ERR_|status of 401/;

/** Gathers what a page should not have said; `expectClean` at the end of a story. */
export function watchConsole(context: BrowserContext): { expectClean(): void } {
  const said: string[] = [];
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !EXPECTED.test(message.text())) said.push(message.text());
  });
  context.on("weberror", (fault) => said.push(fault.error().message));
  return { expectClean: () => expect(said).toEqual([]) };
}

/** Evaluated beside the page's policy, not by loosening it. */
export async function expectAccessible(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { result } = await session.send("Runtime.evaluate", { expression: RUN, awaitPromise: true });
  await session.detach();
  expect(JSON.parse(String(result.value)), page.url()).toEqual([]);
}
