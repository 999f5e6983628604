/** Pictures of the participant's app for people to look at: every page and state on a phone and on a desk, light and dark. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { allow, Ground, isReadyOffline, PHONE, playByKeyboard, says, simulate, tokenOn } from "./participant-phone";
import { Releases } from "./participant-release";

const FOLDER = join(import.meta.dirname, "../../target/screenshots");
const VIEWS = [390, 1440].flatMap((width) =>
  (["light", "dark"] as const).map((scheme) => ({ width, scheme, height: width === 390 ? 844 : 900 })),
);
let ground: Ground;
let releases: Releases;

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  ground = await Ground.open(async (app) => {
    releases = await Releases.open(app);
    return releases.address;
  });
});

afterAll(async () => {
  await ground?.close();
  releases?.close();
});

/** Ends in the phone's light view again. */
async function pictures(page: Page, name: string, fullPage = true): Promise<void> {
  for (const { width, height, scheme } of [...VIEWS, VIEWS[0]!]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.screenshot({ path: join(FOLDER, `app-${name}-${scheme}-${width}.png`), fullPage });
  }
}

test("entering", async () => {
  const participant = await ground.study.enroll();
  const link = await ground.link(participant);
  const context = await ground.browser.newContext(PHONE);
  const page = await context.newPage();
  await page.goto(`${ground.home}enter`);
  await says(page, "Welcome");
  await pictures(page, "enter");
  await page.goto(link);
  await page.waitForSelector(".card.first");
  const stranger = await (await ground.browser.newContext(PHONE)).newPage();
  await stranger.goto(link);
  await stranger.waitForSelector("[role=alert]");
  await pictures(stranger, "link-used");
  await stranger.context().close();
  const refusing = await ground.browser.newContext(PHONE);
  await refusing.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
  });
  const blocked = await refusing.newPage();
  await blocked.goto(link);
  await says(blocked, "This browser does not let the app keep anything");
  await pictures(blocked, "no-storage");
  await refusing.close();
  const full = await ground.browser.newContext(PHONE);
  const crowded = await full.newPage();
  await crowded.goto(`${ground.home}icon.svg`);
  await allow(crowded, 1);
  await crowded.goto(link);
  await crowded.waitForSelector("[role=alert]");
  await pictures(crowded, "no-room");
  await full.close();
  await page.goto(`${ground.home}nowhere`);
  await says(page, "There is no such page");
  await pictures(page, "not-found");
  await context.close();
});

test("a task from its card to its receipt", async () => {
  const { context, page } = await ground.enter(await ground.study.enroll());
  await isReadyOffline(page);
  await pictures(page, "today");
  await page.getByRole("link", { name: "Schedule" }).click();
  await page.waitForSelector(".visit");
  await pictures(page, "schedule");
  await page.getByRole("link", { name: "Today" }).click();
  await page.click(".card.first a.button");
  await page.waitForSelector(".srt-button");
  await pictures(page, "task-instructions");
  const second = await context.newPage();
  await second.goto(page.url());
  await says(second, "This task is open in another tab");
  await pictures(second, "task-elsewhere");
  await second.close();
  await page.locator(".srt-button").first().click();
  await page.waitForSelector('[data-stimulus="shown"]');
  await pictures(page, "task-practice", false);
  await page.keyboard.press("Space");
  await page.waitForSelector(".srt-said:not(:empty)");
  await page.screenshot({ path: join(FOLDER, "app-task-feedback-light-390.png") });
  await playByKeyboard(page, "h1:text('Practice is over')");
  await pictures(page, "task-practice-over");
  await playByKeyboard(page, '.srt-round:text("Round 2 of 20")');
  await page.screenshot({ path: join(FOLDER, "app-task-cross-light-390.png") });
  await page.waitForSelector('[data-stimulus="shown"]');
  await pictures(page, "task-running", false);
  await page.getByRole("button", { name: "Pause" }).click();
  await says(page, "Paused");
  await pictures(page, "task-paused");
  await page.setViewportSize({ width: 844, height: 390 });
  await page.screenshot({ path: join(FOLDER, "app-task-paused-light-844.png") });
  await page.goto(page.url());
  await says(page, "This task was interrupted");
  await pictures(page, "task-interrupted");
  await page.goto(ground.home);
  await page.waitForSelector(".card.first");
  await pictures(page, "today-begun");
  ground.line.cut();
  await page.goto(ground.home);
  await page.getByText("The study’s server cannot be reached.").waitFor();
  await pictures(page, "today-offline");
  ground.line.restore();
  await page.goto(ground.home);
  await simulate(page);
  await says(page, "This task was interrupted");
  await page.getByRole("button", { name: "Continue" }).click();
  await says(page, "Received by the study");
  await pictures(page, "task-done");
  await page.goto(ground.home);
  await says(page, "Received by the study");
  await pictures(page, "today-nothing-due");
  await page.goto(`${ground.home}leave`);
  await says(page, "Stay signed in");
  await pictures(page, "leave");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await says(page, "The study’s server has ended your session too.");
  await pictures(page, "signed-out");
  await context.close();
});

test("unsent work, a failed sync, an update", async () => {
  const { context, page } = await ground.enter(await ground.study.enroll());
  await isReadyOffline(page);
  let isOpen = false;
  await context.route("**/api/portal/sessions", (route) => (isOpen ? route.continue() : route.abort()));
  await simulate(page);
  await says(page, "Saved on this device");
  await pictures(page, "task-done-unsent");
  await page.goto(`${ground.home}leave`);
  await says(page, "Not everything has been sent");
  await pictures(page, "leave-unsent");
  await ground.study.breakRedcap("status:500");
  isOpen = true;
  await page.goto(ground.home);
  await page.getByRole("button", { name: "Send now" }).click();
  await page.waitForSelector(".notice-alert");
  await pictures(page, "today-failed");
  await ground.study.breakRedcap("");
  await ground.study.resync();
  releases.next();
  await page.goto(ground.home);
  await says(page, "A new version of this app is ready. Your results stay saved.");
  await pictures(page, "today-update");
  ground.line.cut();
  await page.goto(`${ground.home}leave`);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForSelector(".notice-warning");
  await pictures(page, "signed-out-untold");
  ground.line.restore();
  await context.close();
});

test("a session that is over, a result that the device refuses", async () => {
  const participant = await ground.study.enroll();
  const { context, page } = await ground.enter(participant);
  await context.route("**/api/portal/sessions", (route) => route.abort());
  await simulate(page);
  await says(page, "Saved on this device");
  const headers = { authorization: `Bearer ${await tokenOn(page)}` };
  await fetch(ground.line.over("/api/auth/participant/sign-out"), { method: "POST", headers });
  await page.goto(ground.home);
  await says(page, "Please enter again");
  await pictures(page, "enter-again");
  await context.close();
  const crowded = await ground.enter(await ground.study.enroll());
  await crowded.page.click(".card.first a.button");
  await playByKeyboard(crowded.page, '.srt-round:text("Round 3 of 20")');
  await crowded.context.route("**/api/portal/sessions", (route) => route.abort());
  await allow(crowded.page, 1);
  await playByKeyboard(crowded.page, "h1:text('Your result is not saved yet')");
  await pictures(crowded.page, "task-held");
  await crowded.context.close();
});

test("in French", async () => {
  const { context, page } = await ground.enter(await ground.study.enroll(), { locale: "fr-CH" });
  await pictures(page, "french-today");
  await page.locator("nav a").nth(1).click();
  await page.waitForSelector(".visit");
  await pictures(page, "french-schedule");
  await page.locator("nav a").nth(2).click();
  await page.waitForSelector("main .choices");
  await pictures(page, "french-leave");
  await page.locator("nav a").nth(0).click();
  await page.click(".card.first a.button");
  await page.waitForSelector(".srt-button");
  await pictures(page, "french-task");
  await context.close();
});
