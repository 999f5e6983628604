/** What goes wrong on a phone: no room, no storage, a wrong clock, a call in mid-trial, a session that is over. Nothing is lost or invented. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  allow,
  Ground,
  holdUploads,
  isReadyOffline,
  leftOn,
  PHONE,
  playByKeyboard,
  playByTouch,
  says,
  simulate,
  tokenOn,
} from "./participant-phone";
import { expectAccessible, watchConsole } from "./participant-watch";

const FINISHED = "h1:text('Done – thank you')";
let ground: Ground;

beforeAll(async () => {
  ground = await Ground.open();
});

afterAll(() => ground?.close());

test("a phone without room says so before the link is used, and takes it once there is room", async () => {
  const context = await ground.browser.newContext(PHONE);
  const watched = watchConsole(context);
  const page = await context.newPage();
  await page.goto(`${ground.home}icon.svg`);
  await allow(page, 1);
  await page.goto(await ground.link(await ground.study.enroll()));
  await says(
    page,
    "This device has no room to keep your results. Make space and try again; your link has not been used.",
  );
  await expectAccessible(page);
  await allow(page);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.waitForSelector(".card.first");
  watched.expectClean();
  await context.close();
});

test("a phone that runs out of room in mid-task, without a line: the result is held, and sent from where it is", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  await isReadyOffline(page);
  await page.click(".card.first a.button");
  await playByKeyboard(page, '.srt-round:text("Round 3 of 20")');
  ground.line.cut();
  await allow(page, 1);
  await playByKeyboard(page, "h1:text('Your result is not saved yet')");
  await expectAccessible(page);
  ground.line.restore();
  await page.getByRole("button", { name: "Try again" }).click();
  await says(page, "The server has the result. You can close this page.");
  await expectAccessible(page);
  await expect.poll(() => ground.study.sessionsOf(participant)).toEqual(["synced"]);
  await page.getByText("Back to today").click();
  await says(page, "Nothing to do now");
  await allow(page);
  watched.expectClean();
  await context.close();
});

test("a browser that keeps nothing: the app does not begin, and the link is not used up", async () => {
  const participant = await ground.study.enroll();
  const link = await ground.link(participant);
  const refusing = await ground.browser.newContext(PHONE);
  const watched = watchConsole(refusing);
  await refusing.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("The operation is insecure.", "SecurityError");
    };
  });
  const page = await refusing.newPage();
  await page.goto(link);
  await says(page, "This browser does not let the app keep anything");
  await expectAccessible(page);
  watched.expectClean();
  await refusing.close();
  const context = await ground.browser.newContext(PHONE);
  const ordinary = await context.newPage();
  await ordinary.goto(link);
  await ordinary.waitForSelector(".card.first");
  await context.close();
});

test("the session ends while a result waits: the app says what to do, and a new link sends it", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  const uploading = holdUploads(context);
  await simulate(page);
  await uploading.begun;
  const headers = { authorization: `Bearer ${await tokenOn(page)}` };
  const ended = await fetch(ground.line.over("/api/auth/participant/sign-out"), { method: "POST", headers });
  expect(ended.status).toBe(204);
  uploading.release();
  await page.goto(ground.home);
  await says(page, "Please enter again");
  await says(page, "1 result is saved on this device. It is sent as soon as you have entered again.");
  await expectAccessible(page);
  expect(await ground.study.sessionsOf(participant)).toEqual([]);
  await page.goto(await ground.link(participant));
  await says(page, "Received by the study");
  expect(await ground.study.sessionsOf(participant)).toEqual(["synced"]);
  watched.expectClean();
  await context.close();
});

test("signing out ends the session on the server; without a line it says that it could not, and leaves nothing all the same", async () => {
  for (const isCut of [false, true]) {
    const { context, page, watched } = await ground.enter(await ground.study.enroll());
    await isReadyOffline(page);
    const headers = { authorization: `Bearer ${await tokenOn(page)}` };
    await page.getByRole("link", { name: "Sign out" }).click();
    if (isCut) ground.line.cut();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await says(page, "You are signed out");
    if (isCut)
      await page.getByText("The study’s server could not be reached. Your session there ends by itself").waitFor();
    else await says(page, "The study’s server has ended your session too.");
    ground.line.restore();
    expect(await leftOn(page)).toEqual({ databases: [], local: 0, session: 0, cookies: "" });
    await expectAccessible(page);
    const asked = await fetch(ground.line.over("/api/portal/tasks"), { headers });
    expect(asked.status).toBe(isCut ? 200 : 401);
    watched.expectClean();
    await context.close();
  }
});

test("a clock that is a month ahead closes no task, neither with a line nor without", async () => {
  const { context, page, watched } = await ground.enter(await ground.study.enroll(), {
    prepare: () => {
      const True = Date;
      const now = () => True.now() + 30 * 86_400_000;
      globalThis.Date = class extends True {
        constructor(...given: []) {
          super(...((given.length ? given : [now()]) as []));
        }
        static override now = now;
      } as DateConstructor;
    },
  });
  await isReadyOffline(page);
  ground.line.cut();
  await page.goto(ground.home);
  await page.click(".card.first a.button");
  await page.waitForSelector(".srt-button");
  ground.line.restore();
  watched.expectClean();
  await context.close();
});

test("by touch, turned on its side and called away in mid-trial: both are part of the task, and no reaction is invented", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  const submitted = page.waitForRequest(
    (asked) => asked.method() === "POST" && asked.url().endsWith("/portal/sessions"),
    { timeout: 0 },
  );
  await page.locator(".card.first a.button").tap();
  await playByTouch(page, '.srt-round:text("Round 2 of 20")');
  await page.setViewportSize({ width: 844, height: 390 });
  await page.waitForSelector('[data-stimulus="shown"]');
  const stage = await page.locator(".srt-mark").boundingBox();
  expect(stage && stage.y >= 0 && stage.y + stage.height <= 390, "the circle is in sight").toBe(true);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
    Reflect.deleteProperty(document, "hidden");
  });
  await says(page, "Paused");
  await expectAccessible(page);
  await playByTouch(page, '.srt-round:text("Round 4 of 20")');
  await page.setViewportSize(PHONE.viewport);
  await playByTouch(page, FINISHED);
  const { results } = (await submitted).postDataJSON() as { results: Record<string, unknown> };
  expect(results).toMatchObject({ trials: 20, interruptions: 1, inputs: ["touch"], simulated: false, resumed: false });
  const trials = results["trial_data"] as { block: string; place: number; outcome: string; rt_ms: number | null }[];
  const second = trials.filter(({ block, place }) => block === "test" && place === 2);
  expect(second.map(({ outcome }) => outcome)).toEqual(["interrupted", "response"]);
  expect(second[0]?.rt_ms).toBeNull();
  expect((results["device"] as { refresh_hz: number | null }).refresh_hz).toBeGreaterThan(0);
  await says(page, "Received by the study");
  watched.expectClean();
  await context.close();
});
