/** The participant's app in a real browser, against the program itself: nothing lost, nothing twice, nothing invented. */
import { Hand } from "./hand";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  Ground,
  holdUploads,
  isReadyOffline,
  leftOn,
  PHONE,
  playByKeyboard,
  says,
  simulate,
} from "./participant-phone";
import { expectAccessible } from "./participant-watch";

let ground: Ground;

beforeAll(async () => {
  ground = await Ground.open();
});

afterAll(() => ground?.close());

async function tabTo(page: Page, selector: string): Promise<void> {
  for (let step = 0; step < 30; step += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

test("by keyboard alone, the line cut in mid-task and the page gone: it goes on, is sent later, once", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  await isReadyOffline(page);
  await expectAccessible(page);
  await tabTo(page, ".card.first a.button");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".srt-button");
  await expectAccessible(page);
  const fifth = '.srt-round:text("Round 5 of 20")';
  await playByKeyboard(page, fifth);
  ground.line.cut();
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
  expect(await ground.study.sessionsOf(participant)).toEqual([]);

  ground.line.restore();
  await tabTo(page, "main a.button");
  await page.keyboard.press("Enter");
  await says(page, "Received by the study");
  await expectAccessible(page);
  expect(await ground.study.sessionsOf(participant)).toEqual(["synced"]);
  watched.expectClean();
  await context.close();
});

test("the tab killed during the upload, and a second tab: one session", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  const uploading = holdUploads(context);
  await simulate(page);
  await uploading.begun;
  await says(page, "Saved on this device");
  await page.close();
  uploading.release();
  const [one, two] = [await context.newPage(), await context.newPage()];
  await Promise.all([one.goto(ground.home), two.goto(ground.home)]);
  await Promise.all([says(one, "Received by the study"), says(two, "Received by the study")]);
  expect(await ground.study.sessionsOf(participant)).toEqual(["synced"]);
  watched.expectClean();
  await context.close();
});

test("a task that is left is gone on with later, and is open in one tab only", async () => {
  const { context, page, watched } = await ground.enter(await ground.study.enroll());
  await page.click(".card.first a.button");
  await page.waitForSelector(".srt-button");
  const second = await context.newPage();
  await second.goto(page.url());
  await says(second, "This task is open in another tab");
  await expectAccessible(second);
  await page.getByRole("button", { name: "Not now" }).click();
  await says(page, "Your next task");
  await second.getByRole("button", { name: "Try again" }).click();
  await says(second, "Start practice");
  watched.expectClean();
  await context.close();
});

test("REDCap is broken: the checklist's banner; repaired and synced again: received", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  await ground.study.breakRedcap("status:500");
  await simulate(page);
  await page.getByText("Back to today").click();
  await says(page, "Your responses were saved on this device. The study team has been notified.");
  await expectAccessible(page);
  await ground.study.breakRedcap("");
  await ground.study.resync();
  await page.reload();
  await says(page, "Received by the study");
  watched.expectClean();
  await context.close();
});

test("signing out with unsent work says how much, lets it be sent, and leaves nothing", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  await isReadyOffline(page);
  const uploading = holdUploads(context);
  await simulate(page);
  await uploading.begun;
  ground.line.cut();
  uploading.release();
  await page.goto(`${ground.home}leave`);
  await says(page, "1 result is only on this device. If you sign out now, it is lost.");
  await expectAccessible(page);
  await page.getByText("Send first").click();
  await page.waitForSelector("[role=alert]");
  ground.line.restore();
  await page.getByText("Send first").click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await says(page, "You are signed out");
  await expectAccessible(page);
  expect(await leftOn(page)).toEqual({ databases: [], local: 0, session: 0, cookies: "" });
  expect((await ground.study.sessionsOf(participant)).length).toBe(1);
  watched.expectClean();
  await context.close();
});

test("another participant on the same device sends only their own; the first one's work waits for them", async () => {
  const [first, other] = [await ground.study.enroll(), await ground.study.enroll()];
  const { context, page, watched } = await ground.enter(first);
  await isReadyOffline(page);
  const uploading = holdUploads(context);
  await simulate(page);
  await uploading.begun;
  await page.goto(await ground.link(other));
  await page.waitForSelector(".card.first");
  uploading.release();
  await says(page, "1 unsent result of another participant is kept on this device until they enter again.");
  expect(await ground.study.sessionsOf(first)).toEqual([]);
  await page.goto(await ground.link(first));
  await says(page, "Received by the study");
  expect(await ground.study.sessionsOf(first)).toEqual(["synced"]);
  expect(await ground.study.sessionsOf(other)).toEqual([]);
  watched.expectClean();
  await context.close();
});

test("the task plays itself in sight of everybody, and its result says so", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  const submitted = page.waitForRequest(
    (asked) => asked.method() === "POST" && asked.url().endsWith("/portal/sessions"),
    {
      timeout: 0,
    },
  );
  const link = await page.getAttribute(".card.first a.button", "href");
  await page.goto(`${new URL(link ?? "", page.url()).href}?simulate=visual`);
  await page.getByText("Round 2 of 20").waitFor();
  const { results } = (await submitted).postDataJSON() as { results: Record<string, unknown> };
  expect(results).toMatchObject({ simulated: true, trials: 20, resumed: false, interruptions: 0 });
  expect(results["responses"]).toBeGreaterThan(10);
  expect(results["median_ms"]).toBeGreaterThan(100);
  await says(page, "Received by the study");
  watched.expectClean();
  await context.close();
});

test("in French from the first word, and in English when asked", async () => {
  const { context, page, watched } = await ground.enter(await ground.study.enroll(), { locale: "fr-CH" });
  expect(await page.getAttribute("html", "lang")).toBe("fr");
  await says(page, "Votre prochaine tâche");
  const hand = new Hand(page, "keyboard");
  await hand.press(page.locator(".card.first a.button"));
  await says(page, "Commencer l’entraînement");
  await page.goto(ground.home);
  await hand.reach(page.locator("select"));
  await page.keyboard.type("Engl");
  await says(page, "Your next task");
  expect(await page.getAttribute("html", "lang")).toBe("en");
  await page.reload();
  await says(page, "Your next task");
  watched.expectClean();
  await context.close();
});

test("a link works once; the second time the app says what to do", async () => {
  const participant = await ground.study.enroll();
  const link = await ground.link(participant);
  const context = await ground.browser.newContext(PHONE);
  const page = await context.newPage();
  await page.goto(link);
  await page.waitForSelector(".card.first");
  const stranger = await ground.browser.newContext(PHONE);
  const refused = await stranger.newPage();
  await refused.goto(link);
  await refused.waitForSelector("[role=alert]");
  expect(await refused.textContent("[role=alert]")).toContain("ask the study team for a new one");
  await expectAccessible(refused);
  await Promise.all([context.close(), stranger.close()]);
});
