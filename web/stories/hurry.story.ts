/** A coordinator in a hurry: several tabs, a session that ends, a line that breaks, typing errors, a double click. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { desk, signIn } from "./desk";
import { Line } from "./participant-line";
import { Study } from "./participant-study";
import { Site } from "./site";
import { accessible } from "./watch";

let browser: Browser;
let site: Site;
let line: Line;
let study: Study;

beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
  line = await Line.open(new URL(site.facts.metricis));
  study = await Study.beside(site.facts);
});

afterAll(async () => {
  await browser?.close();
  await line?.close();
  await site?.stop();
});

const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1 });
const at = (path: string) => `${site.facts.metricis}/console/studies/${site.facts.code}/${path}`;

test("who signs out in one tab is out in the other, and who signs in again is back where they were", async () => {
  const { context, page: one } = await desk(browser, site.facts.metricis, site.facts.sign_in);
  const two = await context.newPage();
  await two.goto(at("participants?search=NORTH"));
  await two.getByRole("link", { name: "NORTH-001", exact: true }).waitFor();
  await one.getByRole("button", { name: /Your account/ }).click();
  await one.getByRole("menuitem", { name: "Sign out" }).click();
  await heading(two, "Sign in").waitFor();
  expect(await two.getByText("NORTH").count()).toBe(0);
  await signIn(one, site.facts.sign_in);
  await heading(one, "Today").waitFor();
  await two.getByRole("link", { name: "NORTH-001", exact: true }).waitFor();
  expect(two.url()).toBe(at("participants?search=NORTH"));
  // The tab that did not sign in carries the new session's proof.
  await two.getByRole("link", { name: "NORTH-001", exact: true }).click();
  await two.getByRole("button", { name: "More" }).click();
  await two.getByRole("menuitem", { name: "Make a sign-in link" }).click();
  await two.getByRole("button", { name: "Make a one-time link" }).click();
  await two.getByText(/\/app\/enter#/).waitFor();
  await context.close();
});

test("a session that an operator has ended leads to the sign-in by itself, and back", async () => {
  const { context, page } = await desk(browser, site.facts.metricis, site.facts.sign_in);
  await page.goto(at("audit"));
  await heading(page, "Audit").waitFor();
  site.command(["user", "revoke", site.facts.sign_in.email]);
  // The page may have found out already, by something that it asked for by itself.
  const went = await page.evaluate(() => {
    const link = document.querySelector<HTMLElement>('nav a[href$="/events"]');
    link?.click();
    return link !== null;
  });
  await heading(page, "Sign in").waitFor();
  await page.getByText("You come back to where you were").waitFor();
  await signIn(page, site.facts.sign_in);
  await heading(page, went ? "Events" : "Audit").waitFor();
  await context.close();
  study = await Study.beside(site.facts);
});

test("another person who signs in with the same browser finds nothing of the former one", async () => {
  const cleo = site.secondStudy("SECOND", "A second study");
  const { context, page: one } = await desk(browser, site.facts.metricis, site.facts.sign_in);
  const two = await context.newPage();
  await two.goto(at("participants"));
  await two.getByRole("link", { name: "NORTH-001", exact: true }).waitFor();
  await one.getByRole("button", { name: /Your account/ }).click();
  await one.getByRole("menuitem", { name: "Sign out" }).click();
  await signIn(one, cleo);
  await one.getByRole("button", { name: /^Study SECOND/ }).waitFor();
  await heading(two, `No study ${site.facts.code} for your account`).waitFor();
  expect(await two.getByText("NORTH-001").count()).toBe(0);
  await context.close();
});

test("a server that is away: the page says since when and keeps what it has; back again: it catches up", async () => {
  const { context, page } = await desk(browser, line.over("/").slice(0, -1), site.facts.sign_in);
  await page.getByRole("link", { name: /^Participants/ }).click();
  await page.getByRole("link", { name: "NORTH-001", exact: true }).waitFor();
  line.cut();
  await page
    .getByText(/since \d\d:\d\d/)
    .first()
    .waitFor();
  await page.getByText("What you see may be out of date").waitFor();
  expect(await page.getByRole("link", { name: "NORTH-001", exact: true }).count()).toBe(1);
  await accessible(page);
  const { record } = await study.enroll();
  line.restore();
  await page.getByRole("link", { name: record, exact: true }).waitFor();
  await page.getByText("What you see may be out of date").waitFor({ state: "detached" });
  await context.close();
});

test("a page that is opened while the server is away says so, and begins when asked again", async () => {
  const { context, page } = await desk(browser, line.over("/").slice(0, -1), site.facts.sign_in);
  // The other pages have been fetched ahead by then; only what they show is missing.
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => /Redcap/.test(name)));
  line.cut();
  await page
    .getByRole("navigation")
    .getByRole("link", { name: /^Failed syncs/ })
    .click();
  const alert = page.getByRole("alert").filter({ hasText: "The server cannot be reached" });
  await alert.waitFor();
  await accessible(page);
  line.restore();
  await alert.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No failed sync").waitFor();
  await context.close();
});

test("a double click orders once, and a form says what is wrong beside its field", async () => {
  const { context, page } = await desk(browser, site.facts.metricis, site.facts.sign_in);
  await page.goto(at("redcap"));
  const orders: string[] = [];
  page.on("request", (asked) => {
    if (asked.method() !== "GET") orders.push(asked.url());
  });
  await page.getByRole("button", { name: "Test connection" }).dblclick();
  await page.getByText("REDCap answered").waitFor();
  expect(orders.length).toBe(1);
  await page.getByLabel("Project id").fill("seventeen");
  await page.getByRole("button", { name: "Save connection" }).click();
  await page.getByText("Enter the project's number").waitFor();
  expect(await page.getByLabel("Project id").getAttribute("aria-invalid")).toBe("true");
  await accessible(page);
  expect(orders.length).toBe(1);
  await context.close();
});

test("a dialog that a reload or a link opens closes to its page", async () => {
  const { context, page } = await desk(browser, site.facts.metricis, site.facts.sign_in);
  await page.goto(at("participants"));
  await page.getByRole("link", { name: "NORTH-001", exact: true }).click();
  await page.getByRole("button", { name: "Move anchor date" }).click();
  await page.getByLabel("Reason").fill("half a sen");
  await page.reload();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await heading(page, "NORTH-001").waitFor();
  expect(new URL(page.url()).search).toBe("");
  await context.close();
});
