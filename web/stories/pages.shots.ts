/** Pictures of every page for people to look at: light and dark, 1440 and 390 px wide, full, loading and with the server gone. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";

import { openBrowser } from "./browser";
import { Site } from "./site";

const FOLDER = join(import.meta.dirname, "../../target/screenshots");
const CONSOLE = ["/today", "/participants", "/matrix", "/events", "/failed-syncs", "/redcap", "/board", "/audit"];

let browser: Browser;
let site: Site;

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
});

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  await page.waitForTimeout(1_200);
}

async function picture(page: Page, name: string): Promise<void> {
  await settled(page);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true });
}

const VIEWS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1440, 390].map((width) => ({ colorScheme, viewport: { width, height: 900 }, name: `${colorScheme}-${width}` })),
);

test.each(VIEWS)("the console, $name", async ({ name, ...device }) => {
  const context = await browser.newContext({ ...device, locale: "en-GB" });
  const page = await context.newPage();
  const home = `${site.facts.metricis}/console`;
  await page.goto(`${home}/`);
  await picture(page, `console-sign-in-${name}`);
  await page.getByLabel("Email").fill(site.facts.sign_in.email);
  await page.getByLabel("Password", { exact: true }).fill(site.facts.sign_in.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
  const study = new URL(page.url()).pathname.match(/\/studies\/[^/]+/)?.[0] ?? "";
  for (const path of CONSOLE) {
    const word = path.slice(1);
    await page.goto(`${home}${study}${path}`);
    await picture(page, `console-${word}-full-${name}`);
  }
  await page.goto(`${home}${study}/participants`);
  await page.getByRole("link", { name: "NORTH-001", exact: true }).click();
  await picture(page, `console-participant-full-${name}`);
  const data = "**/api/studies/*/**";
  for (const path of CONSOLE) {
    const word = path.slice(1);
    await page.route(data, () => undefined);
    await page.goto(`${home}${study}${path}`, { waitUntil: "commit" });
    await picture(page, `console-${word}-loading-${name}`);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await page.route(data, (route) => route.abort());
    await page.goto(`${home}${study}${path}`);
    await picture(page, `console-${word}-error-${name}`);
    await page.unrouteAll({ behavior: "ignoreErrors" });
  }
  await context.close();
});
