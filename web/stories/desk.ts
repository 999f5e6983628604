/** A member of staff at the console: a window, a sign-in, and every page of a study by its address. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { Hand } from "./hand";
import type { Facts } from "./site";
import { Watch } from "./watch";

export const DESK = { viewport: { width: 1440, height: 900 }, locale: "en-GB" };

/** Every page of a study, by its address and its heading. */
export const PAGES = [
  ["today", "Today"],
  ["participants", "Participants"],
  ["matrix", "Visit matrix"],
  ["events", "Events"],
  ["flags", "Flags"],
  ["failed-syncs", "Failed syncs"],
  ["redcap", "REDCap"],
  ["redcap-project", "REDCap project"],
  ["board", "Go / no-go"],
  ["audit", "Audit"],
] as const;

export interface Desk {
  context: BrowserContext;
  page: Page;
  watch: Watch;
}

/** A window of the console at `home`, signed in as `who`. */
export async function desk(
  browser: Browser,
  home: string,
  who: Facts["sign_in"],
  device: Parameters<Browser["newContext"]>[0] = DESK,
): Promise<Desk> {
  const context = await browser.newContext(device);
  const page = await context.newPage();
  const watch = new Watch(page);
  await page.goto(`${home}/console/`);
  await signIn(page, who);
  await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
  return { context, page, watch };
}

/** Fills in the sign-in form that the page shows, by keyboard alone. */
export async function signIn(page: Page, who: Facts["sign_in"]): Promise<void> {
  const hand = new Hand(page, "keyboard");
  await hand.type(page.getByLabel("Email"), who.email);
  await hand.type(page.getByLabel("Password", { exact: true }), who.password);
  await hand.press(page.getByRole("button", { name: "Sign in" }));
}

/** Waits until the page has what it asked for. */
export async function settled(page: Page): Promise<void> {
  await page.getByLabel("Loading").first().waitFor({ state: "detached" });
}
