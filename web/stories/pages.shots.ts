/** Pictures of every page for people to look at: light and dark, 1440 and 390 px wide, full, empty, broken, loading and with the server gone. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";

import { openBrowser } from "./browser";
import { PAGES, signIn } from "./desk";
import { Study } from "./participant-study";
import { type Facts, Site } from "./site";

const FOLDER = join(import.meta.dirname, "../../target/screenshots");
const WITHOUT = join(import.meta.dirname, "../../crates/server/src/pages/without.html");
const EMPTY = "EMPTY-001";

let browser: Browser;
let site: Site;
let nobodys: Facts["sign_in"];

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
  nobodys = site.secondStudy(EMPTY, "A study without anybody yet");
});

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

async function picture(page: Page, name: string): Promise<void> {
  await page.waitForLoadState("load");
  await page.waitForTimeout(900);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: true });
}

const VIEWS = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1440, 390].map((width) => ({ colorScheme, viewport: { width, height: 900 }, name: `${colorScheme}-${width}` })),
);

/** A window at the console, signed in. */
async function seat(device: Parameters<Browser["newContext"]>[0], who: Facts["sign_in"]) {
  const context = await browser.newContext({ ...device, locale: "en-GB" });
  const page = await context.newPage();
  await page.goto(`${site.facts.metricis}/console/`);
  await signIn(page, who);
  await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
  return { context, page };
}

const at = (code: string, path: string) => `${site.facts.metricis}/console/studies/${code}/${path}`;

async function openParticipant(page: Page, code: string): Promise<void> {
  await page.goto(at(site.facts.code, "participants"));
  await page.getByRole("link", { name: code, exact: true }).click();
  await page.getByRole("heading", { name: code, level: 1 }).waitFor();
}

test.each(VIEWS)("the console's pages, $name", async ({ name, ...device }) => {
  const outside = await browser.newContext({ ...device, locale: "en-GB" });
  const first = await outside.newPage();
  await first.goto(`${site.facts.metricis}/console/`);
  await picture(first, `console-sign-in-${name}`);
  await signIn(first, { email: "somebody@demo.example", password: "not the password" });
  await first.getByRole("alert").waitFor();
  await picture(first, `console-sign-in-refused-${name}`);
  await outside.close();
  const { context, page } = await seat(device, site.facts.sign_in);
  for (const [path] of PAGES) {
    await page.goto(at(site.facts.code, path));
    await picture(page, `console-${path}-full-${name}`);
  }
  await page.goto(at(site.facts.code, "nothing"));
  await picture(page, `console-no-such-page-${name}`);
  await page.goto(at("NOBODYS", "today"));
  await picture(page, `console-not-a-member-${name}`);
  await context.close();
});

test.each(VIEWS)("the console of a study without anybody, $name", async ({ name, ...device }) => {
  const { context, page } = await seat(device, nobodys);
  for (const [path] of PAGES) {
    await page.goto(at(EMPTY, path));
    await picture(page, `console-${path}-empty-${name}`);
  }
  await page.goto(at(EMPTY, "participants?search=somebody"));
  await picture(page, `console-participants-filtered-${name}`);
  await context.close();
});

test.each(VIEWS)("what opens over the console's pages, $name", async ({ name, ...device }) => {
  const { context, page } = await seat(device, site.facts.sign_in);
  if (device.viewport.width < 700) {
    await page.getByRole("button", { name: "Open the navigation" }).click();
    await picture(page, `console-navigation-${name}`);
  }
  await openParticipant(page, "NORTH-001");
  await picture(page, `console-participant-full-${name}`);
  await page.getByRole("button", { name: "Move anchor date" }).click();
  await page.getByRole("button", { name: "Show the plan" }).click();
  await picture(page, `console-anchor-mistaken-${name}`);
  await page.getByLabel("New anchor date").fill("2030-01-15");
  await page.getByLabel("Reason").fill("the consent was signed later");
  await page.getByRole("button", { name: "Show the plan" }).click();
  await page.getByRole("region", { name: "Plan", exact: true }).waitFor();
  await picture(page, `console-anchor-plan-${name}`);
  for (const act of ["link", "consent", "withdraw"]) {
    await page.goto(`${page.url().split("?")[0]}?act=${act}`);
    await page.getByRole("dialog").waitFor();
    if (act === "link") await page.getByRole("button", { name: "Make a one-time link" }).click();
    await picture(page, `console-${act}-dialog-${name}`);
  }
  await page.goto(at(site.facts.code, "events"));
  await page
    .getByRole("button", { name: /20\d\d/ })
    .first()
    .click();
  await picture(page, `console-event-drawer-${name}`);
  await page.goto(at(site.facts.code, "redcap"));
  await page.getByRole("button", { name: "Test connection" }).click();
  await page.getByText("REDCap answered").waitFor();
  await page.getByRole("button", { name: "Sync events from REDCap" }).click();
  await page.getByText(/created, \d+ updated/).waitFor();
  await picture(page, `console-redcap-tested-${name}`);
  await page.getByRole("button", { name: "Set a new secret" }).click();
  await picture(page, `console-secret-dialog-${name}`);
  await page.goto(at(site.facts.code, "audit"));
  await page.getByRole("button", { name: "Verify the chain" }).click();
  await page.getByText(/valid through/).waitFor();
  await page
    .getByRole("button", { name: /^Open row/ })
    .first()
    .click();
  await picture(page, `console-audit-verified-${name}`);
  await context.close();
});

/** Every request of the study's data is answered in this way. */
async function answer(context: BrowserContext, way: "never" | "gone"): Promise<void> {
  await context.route("**/api/studies/*/**", (route) => (way === "gone" ? route.abort() : undefined));
}

test.each(VIEWS)("the console while it loads and with the server gone, $name", async ({ name, ...device }) => {
  const { context, page } = await seat(device, site.facts.sign_in);
  for (const way of ["never", "gone"] as const) {
    await answer(context, way);
    for (const [path] of PAGES) {
      await page.goto(at(site.facts.code, path), { waitUntil: "commit" });
      // The last try is over by then.
      if (way === "gone") await page.getByRole("alert").first().waitFor();
      await picture(page, `console-${path}-${way === "gone" ? "error" : "loading"}-${name}`);
    }
    await context.unrouteAll({ behavior: "ignoreErrors" });
  }
  await context.close();
});

test.each(VIEWS)("a program without its pages, $name", async ({ name, ...device }) => {
  const page = await browser.newPage(device);
  // The server fills in which pages are missing.
  await page.setContent(readFileSync(WITHOUT, "utf8").replace("MISSING_PAGES", "staff console"));
  await picture(page, `without-npm-${name}`);
  await page.close();
});

test("the console when records have met a fate in REDCap, and an operation before it is done", async () => {
  const study = await Study.beside(site.facts);
  const people = [await study.enroll(), await study.enroll(), await study.enroll()] as const;
  const [renamed, deleted, moved] = people;
  await study.rename(renamed, `${renamed.record}-B`);
  await study.rename({ ...renamed, record: `${renamed.record}-B` }, `${renamed.record}-C`);
  await study.delete(deleted);
  await study.fill(moved, "contact", { contact_notes: "call by day" });
  await study.moveTo(null, moved);
  const file = await dictionary(study);
  for (const { name, ...device } of VIEWS) {
    const { context, page } = await seat(device, site.facts.sign_in);
    await page.goto(at(site.facts.code, "redcap"));
    await page.getByLabel("Read every record").check();
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByText(/listed by REDCap/).waitFor();
    await picture(page, `console-reconcile-preview-${name}`);
    await page.getByRole("button", { name: "Reconcile now" }).click();
    await page.getByText(/^(?!It would).*record.* to look at/).waitFor();
    await picture(page, `console-reconciled-${name}`);
    for (const path of ["today", "events", "flags"]) {
      await page.goto(at(site.facts.code, path));
      await picture(page, `console-${path}-flagged-${name}`);
    }
    await page.getByRole("button", { name: /^Follow the rename/ }).click();
    await page.getByRole("dialog").waitFor();
    await picture(page, `console-follow-dialog-${name}`);
    await openParticipant(page, renamed.record);
    await picture(page, `console-participant-flagged-${name}`);
    await page.goto(at(site.facts.code, "redcap-project"));
    await page.locator('#push-dictionary input[type="file"]').setInputFiles(file);
    for (const part of ["import-participants", "push-dictionary", "init-project"]) {
      await page.locator(`#${part}`).getByRole("button", { name: "Preview" }).click();
      await page.locator(`#${part}`).getByRole("heading", { name: "The preview" }).waitFor();
    }
    await page.getByLabel("Instrument", { exact: true }).fill("contact");
    await page.locator("#delete-form").getByRole("button", { name: "Preview" }).click();
    await page.locator("#delete-form").getByRole("heading", { name: "The preview" }).waitFor();
    await page.getByText("What it would have changed").click();
    await picture(page, `console-redcap-project-previewed-${name}`);
    await page.locator("#push-dictionary").screenshot({ path: join(FOLDER, `console-push-preview-${name}.png`) });
    await page.locator("#init-project").screenshot({ path: join(FOLDER, `console-init-preview-${name}.png`) });
    await context.close();
  }
});

/** REDCap's own dictionary with a field less, one more, and one otherwise. */
async function dictionary(study: Study) {
  const rows = (await study.dictionary()).split("\n").filter((row) => row && !row.startsWith("contact_notes,"));
  const changed = rows.map((row) =>
    row.startsWith("ae_term,") ? row.replace("ae_term,adverse_event,,text,", "ae_term,adverse_event,,text,New ") : row,
  );
  const csv = [...changed, `sleep_hours,sleep,,text,Hours of sleep${",".repeat(13)}`, ""].join("\n");
  return { name: "dictionary.csv", mimeType: "text/csv", buffer: Buffer.from(csv) };
}

test("the console when REDCap is broken", async () => {
  const study = await Study.beside(site.facts);
  const participant = await study.enroll();
  await study.breakRedcap("status:500");
  const phone = await browser.newContext({ locale: "en-GB" });
  const task = await phone.newPage();
  await task.goto(await study.link(participant));
  const link = await task.getByRole("link", { name: /Begin/ }).getAttribute("href");
  await task.goto(`${new URL(link ?? "", task.url()).href}?simulate=data-only`);
  await task.getByRole("heading", { name: /Done/ }).waitFor();
  await phone.close();
  await study.announce(6);
  for (const { name, ...device } of VIEWS) {
    const { context, page } = await seat(device, site.facts.sign_in);
    await page.getByText("Open since").first().waitFor();
    for (const path of ["today", "failed-syncs", "events", "redcap"]) {
      await page.goto(at(site.facts.code, path));
      await picture(page, `console-${path}-broken-${name}`);
    }
    await context.close();
  }
});
