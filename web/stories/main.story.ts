/** The story of the study from first click to last, by pointer and by keyboard alone: REDCap's page, the console, a phone. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openBrowser } from "./browser";
import { type By, Hand } from "./hand";
import { Simulator } from "./simulator";
import { Site } from "./site";
import { accessible, Watch } from "./watch";

const DESK = { viewport: { width: 1440, height: 900 }, locale: "en-GB" };
const PHONE = { viewport: { width: 390, height: 844 }, locale: "en-GB", hasTouch: true, isMobile: true };

let browser: Browser;
let site: Site;

beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
});

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

interface Seat {
  context: BrowserContext;
  page: Page;
  hand: Hand;
  watch: Watch;
}

async function seat(by: By, device: Parameters<Browser["newContext"]>[0]): Promise<Seat> {
  const context = await browser.newContext(device);
  const page = await context.newPage();
  return { context, page, hand: new Hand(page, by), watch: new Watch(page) };
}

async function signIn({ page, hand }: Seat): Promise<void> {
  await page.goto(`${site.facts.metricis}/console/`);
  await accessible(page);
  await hand.type(page.getByLabel("Email"), site.facts.sign_in.email);
  await hand.type(page.getByLabel("Password", { exact: true }), site.facts.sign_in.password);
  await hand.press(page.getByRole("button", { name: "Sign in" }));
  await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
}

/** Answers every round as soon as its circle shows. */
async function play(page: Page, by: By): Promise<void> {
  const done = page.getByRole("heading", { name: /Done/ });
  const shown = page.locator("[data-stimulus]");
  for (;;) {
    await done.or(shown).or(page.getByRole("button", { name: /Start|Begin/ })).first().waitFor({ timeout: 20_000 });
    if (await done.isVisible()) return;
    if (await shown.isVisible()) {
      if (by === "keyboard") await page.keyboard.press("Space");
      else await shown.tap();
      await shown.waitFor({ state: "hidden" });
    } else await new Hand(page, by).press(page.getByRole("button", { name: /Start|Begin/ }).first());
  }
}

describe.each<{ by: By; code: string; record: string }>([
  { by: "pointer", code: "NORTH-101", record: "ST-1" },
  { by: "keyboard", code: "NORTH-102", record: "ST-2" },
])("the story by $by", ({ by, code, record }) => {
  test("is as promised from first click to last", async () => {
    const desk = await seat(by, DESK);
    const { page, hand } = desk;
    await signIn(desk);
    await accessible(page);

    // A form is saved in REDCap, and the participant appears without a reload.
    await hand.press(page.getByRole("link", { name: /^Participants/ }));
    await page.getByRole("heading", { name: "Participants", level: 1 }).waitFor();
    const hospital = await seat("pointer", DESK);
    const redcap = new Simulator(hospital.page, site.facts.redcap);
    const today = await studyDay(page);
    await redcap.enroll(record, { enroll_date: today, participant_code: code, arm: "1", timezone: "Europe/Zurich" });
    const row = page.getByRole("link", { name: code, exact: true });
    await row.waitFor({ timeout: 30_000 });
    await accessible(page);

    // The participant's link, a phone, the task, and the result in the record.
    await hand.press(row);
    await page.getByRole("heading", { name: code, level: 1 }).waitFor();
    await accessible(page);
    const link = await makeLink(desk);
    const phone = await seat(by, by === "pointer" ? PHONE : DESK);
    await phone.page.goto(link);
    await phone.page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
    await accessible(phone.page);
    await phone.hand.press(phone.page.getByRole("link", { name: /Begin/ }).or(phone.page.getByRole("button", { name: /Begin/ })).first());
    await play(phone.page, by);
    await phone.page.goto(`${site.facts.metricis}/app/`);
    await phone.page.getByText("Received by the study").first().waitFor({ timeout: 60_000 });
    await page.getByText("Synced").first().waitFor({ timeout: 30_000 });
    expect(await redcap.record(record)).toContain("reaction");

    phone.watch.clean();
    desk.watch.clean();
    await Promise.all([desk, hospital, phone].map(({ context }) => context.close()));
  });
});

async function studyDay(page: Page): Promise<string> {
  const answer = await page.request.get(`${site.facts.metricis}/api/studies/${site.facts.study}/dashboard`);
  return ((await answer.json()) as { today: string }).today;
}

async function makeLink({ page, hand }: Seat): Promise<string> {
  await hand.press(page.getByRole("button", { name: "More" }));
  await hand.press(page.getByRole("menuitem", { name: /link/i }));
  await hand.press(page.getByRole("dialog").getByRole("button", { name: /Make|Create/ }));
  const link = page.getByRole("dialog").getByText(/\/app\/enter#/);
  const text = (await link.innerText()).trim();
  await page.keyboard.press("Escape");
  return text;
}
