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

/** A value that a record has in REDCap's own page, not only the field's name. */
const MEDIAN = /rt_median_ms\s+\d/;
const BREAKER_OPENS_AT = 5;

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
  const shown = page.locator('[data-stimulus="shown"]');
  for (;;) {
    await done
      .or(shown)
      .or(page.getByRole("button", { name: /Start|Begin/ }))
      .first()
      .waitFor({ timeout: 20_000 });
    if (await done.isVisible()) return;
    if (await shown.isVisible()) {
      if (by === "keyboard") await page.keyboard.press("Space");
      else await shown.tap();
      await shown.waitFor({ state: "detached" });
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

    // A form is saved in REDCap, the participant appears without a reload, and a phone opens their link.
    const hospital = await seat("pointer", DESK);
    const redcap = new Simulator(hospital.page, site.facts.redcap);
    const today = await studyDay(page);
    const phone = await phoneOf(desk, redcap, { record, code, today });
    // The task is done, and its result is in the record.
    await phone.hand.press(
      phone.page
        .getByRole("link", { name: /Begin/ })
        .or(phone.page.getByRole("button", { name: /Begin/ }))
        .first(),
    );
    await play(phone.page, by);
    await phone.page.goto(`${site.facts.metricis}/app/`);
    await phone.page.getByText("Received by the study").first().waitFor({ timeout: 60_000 });
    const results = page.getByRole("row").filter({ hasText: "Reaction time" });
    await results.getByText("Synced", { exact: true }).waitFor({ timeout: 30_000 });
    expect(await redcap.record(record)).toMatch(MEDIAN);

    // REDCap breaks: tile, breaker and banner tell the truth; it is repaired, and a person re-syncs.
    const second = await phoneOf(desk, redcap, { record: `${record}-b`, code: `${code}B`, today });
    await redcap.press("Down: no answer at all");
    await simulate(second.page);
    await hand.press(page.getByRole("link", { name: /^Today/ }));
    const tile = page.getByRole("region", { name: "Failed Sync" });
    await tile.getByText("1", { exact: true }).waitFor({ timeout: 60_000 });
    await second.page.goto(`${site.facts.metricis}/app/`);
    await second.page.getByText("Your responses were saved on this device.").waitFor({ timeout: 60_000 });
    await accessible(page);
    await hand.press(tile.getByRole("link"));
    await page.getByRole("heading", { name: "Failed syncs", level: 1 }).waitFor();
    await accessible(page);
    const failed = page.getByRole("row").filter({ hasText: `${code}B` });
    for (let tries = 2; tries <= BREAKER_OPENS_AT; tries++) {
      await hand.press(page.getByRole("button", { name: /^Re-sync all/ }));
      await failed.getByRole("cell", { name: String(tries), exact: true }).waitFor({ timeout: 30_000 });
    }
    await page.getByText("The circuit breaker is open.").waitFor({ timeout: 30_000 });
    await redcap.press("Repair");
    await hand.press(page.getByRole("link", { name: /^Today/ }));
    const breaker = page.getByRole("region", { name: "Circuit breaker" });
    await breaker.getByText("Open", { exact: true }).waitFor();
    await accessible(page);
    await hand.press(breaker.getByRole("button", { name: "Reset breaker" }));
    await hand.press(page.getByRole("dialog").getByRole("button", { name: /^Close the breaker/ }));
    await breaker.getByText("Closed", { exact: true }).waitFor({ timeout: 30_000 });
    await hand.press(tile.getByRole("link"));
    await hand.press(page.getByRole("button", { name: /^Re-sync all/ }));
    await page.getByText("No failed sync").waitFor({ timeout: 60_000 });
    await expect.poll(() => redcap.record(`${record}-b`), { timeout: 30_000 }).toMatch(MEDIAN);

    // The anchor moves, after its plan has been read.
    await hand.press(page.getByRole("link", { name: /^Participants/ }));
    await hand.press(page.getByRole("link", { name: code, exact: true }));
    await hand.press(page.getByRole("button", { name: "Move anchor date" }));
    await hand.type(page.getByLabel("New anchor date"), dayAfter(today));
    await hand.type(page.getByLabel("Reason"), "consent was signed a day later");
    await hand.press(page.getByRole("dialog").getByRole("button", { name: /plan|preview/i }));
    const plan = page.getByRole("region", { name: "Plan", exact: true });
    await plan.waitFor();
    await accessible(page);
    await hand.press(page.getByRole("dialog").getByRole("button", { name: /^Move anchor:/ }));
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.getByText(/^Version 2, current, anchor /).waitFor();

    // The board's rows with their evidence, and the chain.
    await hand.press(page.getByRole("link", { name: /^Go \/ no-go/ }));
    const chain = page.getByRole("listitem").filter({ hasText: "study chain valid through row" });
    await chain.getByText("Go", { exact: true }).waitFor({ timeout: 60_000 });
    await accessible(page);
    await hand.press(page.getByRole("link", { name: /^Audit/ }));
    await hand.press(page.getByRole("button", { name: /Verify/ }));
    await page
      .getByText(/valid through/i)
      .first()
      .waitFor({ timeout: 60_000 });
    await accessible(page);

    phone.watch.clean();
    second.watch.clean();
    desk.watch.clean();
    await Promise.all([desk, hospital, phone, second].map(({ context }) => context.close()));
  });
});

/** A form is saved in REDCap; the list that is open shows the participant; their link is made and opened. */
async function phoneOf(
  desk: Seat,
  redcap: Simulator,
  { record, code, today }: { record: string; code: string; today: string },
): Promise<Seat> {
  const { page, hand } = desk;
  await hand.press(page.getByRole("link", { name: /^Participants/ }).first());
  await page.getByRole("heading", { name: "Participants", level: 1 }).waitFor();
  await redcap.enroll(record, { enroll_date: today, participant_code: code, arm: "1", timezone: "Europe/Zurich" });
  const row = page.getByRole("link", { name: code, exact: true });
  await row.waitFor({ timeout: 30_000 });
  await accessible(page);
  await hand.press(row);
  await page.getByRole("heading", { name: code, level: 1 }).waitFor();
  await accessible(page);
  const link = await makeLink(desk);
  const phone = await seat(hand.by, hand.by === "pointer" ? PHONE : DESK);
  await phone.page.goto(link);
  await phone.page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
  await accessible(phone.page);
  return phone;
}

/** The task plays itself. */
async function simulate(page: Page): Promise<void> {
  const link = await page.getByRole("link", { name: /Begin/ }).getAttribute("href");
  await page.goto(`${new URL(link ?? "", page.url()).href}?simulate=data-only`);
  await page.getByRole("heading", { name: /Done/ }).waitFor({ timeout: 60_000 });
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
}

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
