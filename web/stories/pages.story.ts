/** Every page of the console for everybody: axe in light and dark, wide and narrow; the keyboard alone; dialogs that give back the focus. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { desk, DESK, type Desk, PAGES, settled } from "./desk";
import { Site } from "./site";
import { accessible, Watch } from "./watch";

/** More stops than any page has. */
const STOPS = 300;

let browser: Browser;
let site: Site;
let ada: Desk;

beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
  ada = await desk(browser, site.facts.metricis, site.facts.sign_in);
});

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

const at = (path: string) => `${site.facts.metricis}/console/studies/${site.facts.code}/${path}`;

async function open(page: Page, path: string, heading: string): Promise<void> {
  await page.goto(at(path));
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  await settled(page);
}

async function openParticipant(page: Page): Promise<void> {
  await open(page, "participants", "Participants");
  await page.getByRole("link", { name: "NORTH-001", exact: true }).click();
  await page.getByRole("heading", { name: "NORTH-001", level: 1 }).waitFor();
  await settled(page);
}

const LOOKS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1440, 390].map((width) => ({ colorScheme, viewport: { width, height: 900 } })),
);

test.each(LOOKS)(
  "axe finds nothing on any page, $colorScheme at $viewport.width",
  async ({ colorScheme, viewport }) => {
    const { page, watch } = ada;
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize(viewport);
    for (const [path, heading] of PAGES) {
      await open(page, path, heading);
      await accessible(page);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wider, `${path} is wider than the window`).toBeLessThanOrEqual(0);
    }
    await openParticipant(page);
    await accessible(page);
    await page.goto(at("nothing"));
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    await accessible(page);
    watch.clean();
  },
);

/** Where the focus is: what it is on, whether one sees that it is there, and whether it is in a dialog. */
function focus(page: Page) {
  return page.evaluate(async () => {
    // What the style changes, even at once, stands in the next picture.
    await new Promise((drawn) => requestAnimationFrame(drawn));
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    // A password's field is drawn by the box around it.
    const around = getComputedStyle(element.parentElement ?? element);
    const drawn = [style, around].some(
      ({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && outlineWidth !== "0px",
    );
    return {
      is: element.outerHTML.slice(0, 160),
      visible: drawn,
      inSight: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
      inDialog: element.closest("[role=dialog]") !== null,
    };
  });
}

test("the keyboard alone goes through every page, and one sees where it is", async () => {
  const { page } = ada;
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize(DESK.viewport);
  for (const [path, heading] of PAGES) {
    await open(page, path, heading);
    let stops = 0;
    for (; stops < STOPS; stops++) {
      await page.keyboard.press("Tab");
      const now = await focus(page);
      // After the last stop the browser's own window follows, or the first one again.
      if (now === null || (stops > 0 && now.is.includes("skip-link"))) break;
      expect(now.visible && now.inSight, `stop ${stops} of ${path}: ${JSON.stringify(now)}`).toBe(true);
    }
    expect(stops, path).toBeGreaterThan(10);
    expect(stops, `the keyboard leaves ${path}`).toBeLessThan(STOPS);
  }
});

interface Dialog {
  on: string;
  opener: string;
  item?: string;
}

const DIALOGS: Dialog[] = [
  { on: "participant", opener: "Move anchor date" },
  { on: "participant", opener: "More", item: "Make a sign-in link" },
  { on: "participant", opener: "More", item: "Record consent" },
  { on: "participant", opener: "More", item: "Withdraw participant" },
  { on: "redcap", opener: "Set a new secret" },
];

test.each(DIALOGS)(
  "the dialog behind “$opener” $item keeps the focus and gives it back",
  async ({ on, opener, item }) => {
    const { page, watch } = ada;
    if (on === "participant") await openParticipant(page);
    else await open(page, "redcap", "REDCap");
    const button = page.getByRole("button", { name: opener, exact: true });
    const address = page.url();
    for (const way of ["Escape", "back"]) {
      await button.focus();
      await page.keyboard.press("Enter");
      if (item) {
        await page.getByRole("menuitem", { name: item }).focus();
        await page.keyboard.press("Enter");
      }
      await page.getByRole("dialog").waitFor();
      await accessible(page);
      for (let stop = 0; stop < 12; stop++) {
        await page.keyboard.press("Tab");
        const now = await focus(page);
        expect(now?.inDialog && now.visible, `stop ${stop}: ${JSON.stringify(now)}`).toBe(true);
      }
      if (way === "Escape" || on !== "participant") await page.keyboard.press("Escape");
      else await page.goBack();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(page.url()).toBe(address);
    }
    watch.clean();
  },
);

test("an event opens beside the list as a step, and closes without one", async () => {
  const page = await ada.context.newPage();
  const watch = new Watch(page);
  await open(page, "events", "Events");
  const before = await page.evaluate(() => history.length);
  const event = page.getByRole("button", { name: /20\d\d/ }).first();
  await event.click();
  await page.getByRole("dialog").getByText("As REDCap sent it").waitFor();
  await accessible(page);
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await event.click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(() => event.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await page.evaluate(() => history.length)).toBe(before + 1);
  watch.clean();
  await page.close();
});
