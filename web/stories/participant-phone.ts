/** A participant's phone, and what a person does with it; each story has its own study and line. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";
import { openBrowser } from "./browser";
import { Line } from "./participant-line";
import { type Participant, Study } from "./participant-study";
import { watchConsole } from "./participant-watch";

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, locale: "en-US" };

export class Ground {
  private constructor(
    readonly browser: Browser,
    readonly study: Study,
    readonly line: Line,
  ) {}

  /** `front`: what stands between the line and the program, if anything. */
  static async open(front: (app: URL) => Promise<URL> = async (app) => app): Promise<Ground> {
    const [browser, study] = await Promise.all([openBrowser(), Study.open()]);
    return new Ground(browser, study, await Line.open(await front(new URL(study.app))));
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.line.close();
    await this.study.close();
  }

  /** A new phone, and the participant's link opened on it. `prepare` is run in each page before the app. */
  async enter(participant: Participant, told: { locale?: string; prepare?: () => void } = {}) {
    const context = await this.browser.newContext({ ...PHONE, ...(told.locale && { locale: told.locale }) });
    if (told.prepare) await context.addInitScript(told.prepare);
    const watched = watchConsole(context);
    const page = await context.newPage();
    await page.goto(await this.link(participant));
    await page.waitForSelector(".card.first");
    expect(page.url(), "the code has left the address").not.toContain("#");
    return { context, page, watched };
  }

  /** A fresh link, over the line. */
  async link(participant: Participant): Promise<string> {
    return this.line.over(await this.study.link(participant));
  }

  get home(): string {
    return this.line.over(`${this.study.app}/`);
  }
}

export const isReadyOffline = (page: Page) => page.waitForFunction(() => navigator.serviceWorker.controller !== null);
export const says = (page: Page, text: string) => page.getByText(text, { exact: true }).first().waitFor();

/** Opens the first task so that it plays itself. */
export async function simulate(page: Page): Promise<void> {
  const link = await page.getAttribute(".card.first a.button", "href");
  await page.goto(`${new URL(link ?? "", page.url()).href}?simulate=data-only`);
}

/** Answers every stimulus with the space bar, and every page to read with its button, until `enough`. */
export async function playByKeyboard(page: Page, enough: string): Promise<void> {
  for (;;) {
    const seen = await page.waitForSelector(`${enough}, .srt-button, [data-stimulus="shown"]`);
    if (await page.$(enough)) return;
    const reads = await seen.evaluate((element) => element.className === "srt-button").catch(() => false);
    if (reads) await page.keyboard.press("Tab");
    await page.keyboard.press(reads ? "Enter" : "Space");
    await seen.waitForElementState("hidden").catch(() => undefined);
  }
}

/** The same with a finger. */
export async function playByTouch(page: Page, enough: string): Promise<void> {
  for (;;) {
    await page.waitForSelector(`${enough}, .srt-button, [data-stimulus="shown"]`);
    if (await page.$(enough)) return;
    const target = await page.$('.srt-button, [data-stimulus="shown"]');
    await target?.tap({ timeout: 5_000 }).catch(() => undefined);
    await target?.waitForElementState("hidden").catch(() => undefined);
  }
}

/** Uploads hang until they are released; those that hang stay so. */
export function holdUploads(context: BrowserContext) {
  let open = false;
  const begun = context.waitForEvent("request", (request) => request.url().endsWith("/api/portal/sessions"));
  void context.route("**/api/portal/sessions", (route) =>
    open || route.request().method() !== "POST" ? route.continue() : undefined,
  );
  return { begun, release: () => (open = true) };
}

/** What the browser keeps for the app's origin. */
export async function leftOn(page: Page) {
  return page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    local: localStorage.length,
    session: sessionStorage.length,
    cookies: document.cookie,
  }));
}

/** The token that the device keeps. */
export async function tokenOn(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve, reject) => {
        const opening = indexedDB.open("metricis");
        opening.addEventListener("error", () => reject(opening.error));
        opening.addEventListener("success", () => {
          const device = opening.result;
          const reading = device.transaction("session").objectStore("session").get("current");
          reading.addEventListener("success", () => {
            device.close();
            resolve((reading.result as { token: string }).token);
          });
        });
      }),
  );
}

/** How much the browser lets the app keep from now on; nothing given: as much as it would. */
export async function allow(page: Page, quotaSize?: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  // The browser goes by the last word on an origin for as long as somebody listens.
  await session.send("Storage.overrideQuotaForOrigin", quotaSize === undefined ? { origin } : { origin, quotaSize });
}
