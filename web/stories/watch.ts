/** What no page may do: write an error to the console, break the policy, or hold something that axe objects to. */
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

export class Watch {
  private readonly faults: string[] = [];

  constructor(page: Page) {
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.faults.push(String(error)));
  }

  /** Forgets errors that the story provoked on purpose, such as a request without a line. */
  forgive(reason: RegExp): void {
    const kept = this.faults.filter((fault) => !reason.test(fault));
    this.faults.splice(0, this.faults.length, ...kept);
  }

  /** Fails with every fault so far. */
  clean(): void {
    expect(this.faults).toEqual([]);
  }
}

/** Fails with what axe finds on the page as it stands. */
export async function accessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe;
    return (await axe.run()).violations.map(({ id, help, nodes }) => ({
      id,
      help,
      nodes: nodes.map((node) => node.html.slice(0, 200)),
    }));
  });
  expect(found, `axe on ${page.url()}`).toEqual([]);
}
