/** A study of ten thousand participants: what is loaded, what is asked, and what stands in the page stays small. */
import { execFileSync } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { desk, DESK, type Desk, settled } from "./desk";
import { Site } from "./site";
import { accessible } from "./watch";

const PEOPLE = 10_000;
const WINDOWS = 30;
const KB = 1000;

let browser: Browser;
let site: Site;
let ada: Desk;

beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
  const script = join(import.meta.dirname, "crowd.py");
  const words = [script, join(site.data, "metricis.db"), "NORTH-002", `${PEOPLE}`, `${WINDOWS}`];
  execFileSync("python3", words);
  ada = await desk(browser, site.facts.metricis, site.facts.sign_in);
});

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

const at = (path: string) => `${site.facts.metricis}/console/studies/${site.facts.code}/${path}`;

const showsTiles = (page: Page) => page.getByRole("region", { name: "Failed Sync" }).waitFor();
const showsToday = (page: Page) => page.getByRole("heading", { name: "Today", level: 1 }).waitFor();

/** How many bytes the server sends for a file to a browser that takes gzip. */
function packed(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { "accept-encoding": "gzip" } }, (answer) => {
      let size = 0;
      answer.on("data", (part: Buffer) => (size += part.length)).on("end", () => resolve(size));
    });
    asked.on("error", reject).end();
  });
}

/** The files that a page of a fresh browser asks for until `shown`, packed. */
async function firstLoad(address: string, shown: (page: Page) => Promise<void>, state?: Desk): Promise<number> {
  const cookies = (await state?.context.storageState()) ?? { cookies: [], origins: [] };
  const context = await browser.newContext({ ...DESK, storageState: cookies, serviceWorkers: "block" });
  const page = await context.newPage();
  const files = new Set<string>();
  page.on("request", (asked) => {
    if (!new URL(asked.url()).pathname.startsWith("/api/")) files.add(asked.url());
  });
  await page.goto(address);
  await shown(page);
  await context.close();
  const sizes = await Promise.all([...files].map(packed));
  expect(files.size).toBeGreaterThan(2);
  return sizes.reduce((sum, size) => sum + size, 0);
}

test("the console's first load stays within 350 kB, Today and its chunks included", async () => {
  const size = await firstLoad(at("today"), showsTiles, ada);
  expect(size).toBeGreaterThan(50 * KB);
  expect(size).toBeLessThanOrEqual(350 * KB);
});

test("the participant's shell stays within 60 kB, before any task", async () => {
  const size = await firstLoad(site.facts.participant_link, showsToday);
  expect(size).toBeGreaterThan(10 * KB);
  expect(size).toBeLessThanOrEqual(60 * KB);
});

test("Today asks the API at most six times", async () => {
  const page = await ada.context.newPage();
  const asked: string[] = [];
  page.on("request", (one) => {
    if (one.url().includes("/api/")) asked.push(one.url());
  });
  await page.goto(at("today"));
  await page.getByText("The first 100 of").first().waitFor();
  await page.locator('[data-live="true"]').getByText("Live").waitFor();
  await settled(page);
  expect(asked.length, asked.join("\n")).toBeLessThanOrEqual(6);
  expect(asked.length).toBeGreaterThan(2);
  await page.close();
});

/** The cells of the grid that are in the page. */
const cells = (page: Page) => page.locator("[role=gridcell], [role=rowheader], [role=columnheader]").count();

/** Scrolls the grid to a part of its whole length and width, waits for the rows there, and counts. */
async function scrollTo(page: Page, down: number, right: number): Promise<number> {
  const grid = page.getByRole("grid");
  await grid.evaluate(
    (element, [y, x]) => {
      element.scrollTop = element.scrollHeight * (y ?? 0);
      element.scrollLeft = element.scrollWidth * (x ?? 0);
    },
    [down, right],
  );
  const during = await cells(page);
  await expect.poll(() => page.getByRole("grid").getByLabel("Loading").count()).toBe(0);
  return Math.max(during, await cells(page));
}

test.each([
  { width: 1440, height: 900 },
  { width: 2560, height: 1440 },
  { width: 390, height: 844 },
])("the matrix keeps some 300 cells in the page at $width × $height, wherever it is scrolled to", async (viewport) => {
  const { page, watch } = ada;
  await page.setViewportSize(viewport);
  await page.goto(at("matrix"));
  await page.getByText(/^10,00\d participants by/).waitFor();
  const counts: number[] = [];
  for (const down of [0, 0.01, 0.2, 0.5, 0.97, 1, 0.4, 0]) {
    for (const right of [0, 0.3, 1]) counts.push(await scrollTo(page, down, right));
  }
  expect(Math.max(...counts), counts.join(" ")).toBeLessThanOrEqual(300);
  expect(Math.min(...counts)).toBeGreaterThan(20);
  await accessible(page);
  watch.clean();
});

test("dragging the scroll bar through everybody asks for what is looked at, not for all", async () => {
  const { page } = ada;
  await page.setViewportSize(DESK.viewport);
  await page.goto(at("matrix?status=enrolled"));
  await page.getByText(/participants by/).waitFor();
  await scrollTo(page, 0, 0);
  let asked = 0;
  page.on("request", (one) => (asked += one.url().includes("/matrix?") ? 1 : 0));
  await page.getByRole("grid").evaluate(async (element) => {
    const last = element.scrollHeight - element.clientHeight;
    for (let step = 1; step <= 200; step++) {
      element.scrollTop = (last * step) / 200;
      await new Promise((drawn) => requestAnimationFrame(drawn));
    }
  });
  await page.getByRole("link", { name: "CROWD-10000", exact: true }).waitFor();
  expect(asked).toBeLessThanOrEqual(10);
});

test("by keyboard: to the last participant and the last visit, and into the page behind it", async () => {
  const { page } = ada;
  await page.goto(at("matrix"));
  const first = page.getByRole("link", { name: "NORTH-001", exact: true });
  await first.focus();
  await page.keyboard.press("Control+End");
  const focused = page.locator(":focus");
  await expect.poll(() => focused.getAttribute("aria-label")).toMatch(/^CROWD-10000, .*: no visit$/);
  await page.keyboard.press("Home");
  await expect.poll(() => focused.textContent()).toBe("CROWD-10000");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "CROWD-10000", level: 1 }).waitFor();
  await page.goBack();
  await page.getByRole("grid").waitFor();
});
