/** The participant's app in a real browser, against the program itself: nothing lost, nothing twice, nothing invented. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { Line } from "./participant-line";
import { type Participant, Study } from "./participant-study";
import { expectAccessible, watchConsole } from "./participant-watch";

let browser: Browser;
let study: Study;
let line: Line;

beforeAll(async () => {
  [browser, study] = await Promise.all([openBrowser(), Study.open()]);
  line = await Line.open(new URL(study.app));
});

afterAll(async () => {
  await browser?.close();
  await line?.close();
  await study?.close();
});

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, locale: "en-US" };

/** A new phone, and the participant's link opened on it. */
async function enter(participant: Participant, locale = "en-US") {
  const context = await browser.newContext({ ...PHONE, locale });
  const watched = watchConsole(context);
  const page = await context.newPage();
  await page.goto(line.over(await study.link(participant)));
  await page.waitForSelector(".card.first");
  expect(page.url(), "the code has left the address").not.toContain("#");
  return { context, page, watched };
}

const home = () => line.over(`${study.app}/`);
const isReadyOffline = (page: Page) => page.waitForFunction(() => navigator.serviceWorker.controller !== null);
const says = (page: Page, text: string) => page.getByText(text, { exact: true }).first().waitFor();

async function simulate(page: Page): Promise<void> {
  const link = await page.getAttribute(".card.first a.button", "href");
  await page.goto(`${new URL(link ?? "", page.url()).href}?simulate=data-only`);
}

/** Answers every stimulus with the space bar, and every page to read with its button, until `enough`. */
async function playByKeyboard(page: Page, enough: string): Promise<void> {
  for (;;) {
    const seen = await page.waitForSelector(`${enough}, .srt-button, [data-stimulus="shown"]`);
    if (await page.$(enough)) return;
    const reads = await seen.evaluate((element) => element.className === "srt-button").catch(() => false);
    if (reads) await page.keyboard.press("Tab");
    await page.keyboard.press(reads ? "Enter" : "Space");
    await seen.waitForElementState("hidden").catch(() => undefined);
  }
}

async function tabTo(page: Page, selector: string): Promise<void> {
  for (let step = 0; step < 30; step += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

test("by keyboard alone, the line cut in mid-task and the page gone: it goes on, is sent later, once", async () => {
  const participant = await study.enroll();
  const { context, page, watched } = await enter(participant);
  await isReadyOffline(page);
  await expectAccessible(page);
  await tabTo(page, ".card.first a.button");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".srt-button");
  await expectAccessible(page);
  const fifth = '.srt-round:text("Round 5 of 20")';
  await playByKeyboard(page, fifth);
  line.cut();
  const address = page.url();
  await page.goto("about:blank");
  await page.goto(address);
  await says(page, "This task was interrupted");
  await expectAccessible(page);
  await tabTo(page, "main button");
  await page.keyboard.press("Enter");
  await playByKeyboard(page, "h1:text('Done – thank you')");
  await says(page, "Saved on this device");
  await expectAccessible(page);
  expect(await study.sessionsOf(participant)).toEqual([]);

  line.restore();
  await tabTo(page, "main a.button");
  await page.keyboard.press("Enter");
  await says(page, "Received by the study");
  await expectAccessible(page);
  expect(await study.sessionsOf(participant)).toEqual(["synced"]);
  watched.expectClean();
  await context.close();
});

test("the tab killed during the upload, and a second tab: one session", async () => {
  const participant = await study.enroll();
  const { context, page, watched } = await enter(participant);
  const uploading = holdUploads(context);
  await simulate(page);
  await uploading.begun;
  await says(page, "Saved on this device");
  await page.close();
  uploading.release();
  const [one, two] = [await context.newPage(), await context.newPage()];
  await Promise.all([one.goto(home()), two.goto(home())]);
  await Promise.all([says(one, "Received by the study"), says(two, "Received by the study")]);
  expect(await study.sessionsOf(participant)).toEqual(["synced"]);
  watched.expectClean();
  await context.close();
});

/** Uploads hang until they are released; those that hang stay so. */
function holdUploads(context: BrowserContext) {
  let open = false;
  const begun = context.waitForEvent("request", (request) => request.url().endsWith("/api/portal/sessions"));
  void context.route("**/api/portal/sessions", (route) => (open ? route.continue() : undefined));
  return { begun, release: () => (open = true) };
}

test("a task is open in one tab only", async () => {
  const { context, page, watched } = await enter(await study.enroll());
  await page.click(".card.first a.button");
  await page.waitForSelector(".srt-button");
  const second = await context.newPage();
  await second.goto(page.url());
  await says(second, "This task is open in another tab");
  await expectAccessible(second);
  watched.expectClean();
  await context.close();
});

test("REDCap is broken: the checklist's banner; repaired and synced again: received", async () => {
  const participant = await study.enroll();
  const { context, page, watched } = await enter(participant);
  await study.breakRedcap("status:500");
  await simulate(page);
  await page.getByText("Back to today").click();
  await says(page, "Your responses were saved on this device. The study team has been notified.");
  await expectAccessible(page);
  await study.breakRedcap("");
  await study.resync();
  await page.reload();
  await says(page, "Received by the study");
  watched.expectClean();
  await context.close();
});

test("signing out with unsent work says how much, lets it be sent, and leaves nothing", async () => {
  const participant = await study.enroll();
  const { context, page, watched } = await enter(participant);
  await isReadyOffline(page);
  const uploading = holdUploads(context);
  await simulate(page);
  await uploading.begun;
  line.cut();
  uploading.release();
  await page.goto(`${home()}leave`);
  await says(page, "1 result is only on this device. If you sign out now, it is lost.");
  await expectAccessible(page);
  await page.getByText("Send first").click();
  await page.waitForSelector("[role=alert]");
  line.restore();
  await page.getByText("Send first").click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await says(page, "You are signed out");
  await expectAccessible(page);
  expect(await leftOn(page)).toEqual({ databases: [], local: 0, session: 0, cookies: "" });
  expect((await study.sessionsOf(participant)).length).toBe(1);
  watched.expectClean();
  await context.close();
});

async function leftOn(page: Page) {
  return page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    local: localStorage.length,
    session: sessionStorage.length,
    cookies: document.cookie,
  }));
}

test("another participant on the same device sends only their own; the first one's work waits for them", async () => {
  const [first, other] = [await study.enroll(), await study.enroll()];
  const { context, page, watched } = await enter(first);
  await isReadyOffline(page);
  const uploading = holdUploads(context);
  await simulate(page);
  await uploading.begun;
  await page.goto(line.over(await study.link(other)));
  await page.waitForSelector(".card.first");
  uploading.release();
  await says(page, "1 unsent result of another participant is kept on this device until they enter again.");
  expect(await study.sessionsOf(first)).toEqual([]);
  await page.goto(line.over(await study.link(first)));
  await says(page, "Received by the study");
  expect(await study.sessionsOf(first)).toEqual(["synced"]);
  expect(await study.sessionsOf(other)).toEqual([]);
  watched.expectClean();
  await context.close();
});

test("in French from the first word, and in English when asked", async () => {
  const { context, page, watched } = await enter(await study.enroll(), "fr-CH");
  expect(await page.getAttribute("html", "lang")).toBe("fr");
  await says(page, "Votre prochaine tâche");
  await page.click(".card.first a.button");
  await says(page, "Commencer l’entraînement");
  await page.goto(home());
  await page.selectOption("select", "en");
  await says(page, "Your next task");
  expect(await page.getAttribute("html", "lang")).toBe("en");
  await page.reload();
  await says(page, "Your next task");
  watched.expectClean();
  await context.close();
});

test("a link works once; the second time the app says what to do", async () => {
  const participant = await study.enroll();
  const link = line.over(await study.link(participant));
  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  await page.goto(link);
  await page.waitForSelector(".card.first");
  const stranger = await browser.newContext(PHONE);
  const refused = await stranger.newPage();
  await refused.goto(link);
  await refused.waitForSelector("[role=alert]");
  expect(await refused.textContent("[role=alert]")).toContain("ask the study team for a new one");
  await expectAccessible(refused);
  await Promise.all([context.close(), stranger.close()]);
});
