/** The simulator's pages, as somebody uses them who only wants a REDCap: by pointer and by keyboard, on a desk and on a phone. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { openBrowser } from "./browser";
import { Redcap } from "./redcap";
import { accessible, Watch } from "./watch";

const PICTURES = process.env["PICTURES"];
const VIEWS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1000, 390].map((width) => ({ colorScheme, viewport: { width, height: 800 }, name: `${colorScheme}-${width}` })),
);

let browser: Browser;
let redcap: Redcap;

beforeAll(async () => {
  [browser, redcap] = await Promise.all([openBrowser(), Redcap.start()]);
  // Nobody listens there: the delivery fails and says so.
  const headers = { "content-type": "application/json" };
  const det = JSON.stringify({ url: "http://u:secret@127.0.0.1:9/det?token=secret" });
  await fetch(`${redcap.address}/sim/projects/${redcap.project}/det-url`, { method: "POST", headers, body: det });
  await redcap.save("NORTH-1", "enrollment", { values: { enroll_date: "2026-03-02" } });
  await redcap.save("NORTH-1", "adverse_event", { values: { ae_term: "Headache" }, complete: 0 });
  await redcap.save("NORTH-1", "adverse_event", { values: { ae_term: "Nausea" }, complete: 1 });
});

afterAll(async () => {
  await browser?.close();
  await redcap?.stop();
});

async function fits(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, `${page.url()} is wider than the window`).toBeLessThanOrEqual(0);
}

test.each(VIEWS)("every page fits and axe has nothing to say, $name", async ({ name, ...device }) => {
  const context = await browser.newContext({ ...device, locale: "en-GB" });
  const page = await context.newPage();
  const watch = new Watch(page);
  const project = `/projects/${redcap.project}`;
  const record = `${project}/records/NORTH-1`;
  const pages: [string, string][] = [
    ["projects", "/"],
    ["project", project],
    ["dashboard", `${project}/dashboard`],
    ["log", `${project}/log`],
    ["det", `${project}/det`],
    ["api", `${project}/api`],
    ["record", record],
    ["form", `${record}/form?event=baseline_arm_1&instrument=enrollment`],
    ["survey-form", `${record}/form?event=week_1_arm_1&instrument=side_effects_survey`],
  ];
  for (const [word, path] of pages) {
    await page.goto(`${redcap.address}${path}`);
    if (word === "det") await page.locator("summary").first().click();
    await checked(page, `${word}-${name}`);
  }
  await page.getByRole("button", { name: "Open as a survey" }).click();
  await checked(page, `survey-${name}`);
  watch.clean();
  await context.close();
});

async function checked(page: Page, name: string): Promise<void> {
  await accessible(page);
  await fits(page);
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `sim-${name}.png`), fullPage: true });
}

test("a form is reached from the record status by keyboard alone, saved, and its DET's failure is told", async () => {
  const page = await browser.newPage();
  await page.goto(`${redcap.address}/projects/${redcap.project}/dashboard`);
  const cell = page.getByRole("link", { name: "Contact, Baseline: Not started" });
  await cell.focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Complete?").selectOption("2");
  await page.getByRole("button", { name: "Save", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("Saved, but the DET failed: could not connect.").waitFor();
  await page.goto(`${redcap.address}/projects/${redcap.project}/dashboard`);
  await page.getByRole("link", { name: "Contact, Baseline: Complete" }).waitFor();
  await page.close();
});

test("the API is broken for one call by an order typed on the page, and repaired by a button", async () => {
  const page = await browser.newPage();
  const project = `${redcap.address}/projects/${redcap.project}`;
  await page.goto(project);
  await page.getByLabel("Or write an order").fill("offline on record times 1");
  await page.getByRole("button", { name: "Break", exact: true }).click();
  await page.getByText("The API is broken: Offline page (503) (offline:503 on record times 1).").waitFor();
  await accessible(page);
  await page.getByRole("button", { name: "Repair", exact: true }).click();
  await page.getByRole("heading", { name: "Break REDCap" }).waitFor();
  expect(await page.getByText("The API is broken").count()).toBe(0);
  await page.close();
});
