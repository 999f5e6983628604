/** What changes a REDCap project: shown before it is done, ordered by who has read it, and led back to the preview by another's change. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { desk, type Desk } from "./desk";
import { Hand } from "./hand";
import { type Participant, Study } from "./participant-study";
import { Site } from "./site";
import { accessible } from "./watch";

const PROJECT = join(import.meta.dirname, "../../demo/sponsor-study.REDCap.xml");
const SLOW = { timeout: 60_000 };

let browser: Browser;
let site: Site;
let study: Study;
let ada: Desk;
let hand: Hand;
let person: Participant;

beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
  study = await Study.beside(site.facts);
  ada = await desk(browser, site.facts.metricis, site.facts.sign_in);
  hand = new Hand(ada.page, "keyboard");
  person = await study.enroll();
  await ada.page.goto(at("redcap"));
  await hand.press(ada.page.getByRole("link", { name: "Open the REDCap project" }));
  await ada.page.getByRole("heading", { name: "REDCap project", level: 1 }).waitFor();
});

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

const at = (path: string) => `${site.facts.metricis}/console/studies/${site.facts.code}/${path}`;
const part = (id: string) => ada.page.locator(`#${id}`);

/** Ticks what destroys something, by keyboard; until then it cannot be ordered. */
async function tick(panel: Locator, deed: RegExp): Promise<void> {
  expect(await panel.getByRole("button", { name: deed }).isDisabled()).toBe(true);
  await hand.reach(panel.getByRole("checkbox"));
  await ada.page.keyboard.press("Space");
}

test("a dictionary is pushed after its preview, and a change in REDCap meanwhile leads back to it", async () => {
  const { page, watch } = ada;
  const panel = part("push-dictionary");
  const rows = (await study.dictionary()).split("\n");
  const kept = rows.filter((row) => !row.startsWith("contact_notes,"));
  expect(kept.length).toBe(rows.length - 1);
  const sleep = "sleep_hours,sleep,,text,Hours of sleep" + ",".repeat(13);
  const csv = [...kept.filter(Boolean), sleep, ""].join("\n");
  const file = { name: "dictionary.csv", mimeType: "text/csv", buffer: Buffer.from(csv) };
  await page.locator('#push-dictionary input[type="file"]').setInputFiles(file);
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  const row = panel.getByRole("row").filter({ hasText: "contact_notes" });
  await row.getByText("Goes").first().waitFor(SLOW);
  await panel.getByRole("row").filter({ hasText: "sleep_hours" }).getByText("Comes").waitFor();
  await accessible(page);
  const deed = /^Push the dictionary: add 1 field, remove 1 field/;
  await tick(panel, deed);

  // Somebody fills in what is about to go.
  await study.fill(person, "contact", { contact_notes: "call by day" });
  await hand.press(panel.getByRole("button", { name: deed }));
  await panel.getByRole("alert").getByText("are not what the preview showed any more").waitFor(SLOW);
  expect(await panel.getByRole("button", { name: deed }).count()).toBe(0);
  expect(await study.dictionary()).toContain("contact_notes");
  await accessible(page);
  await hand.press(panel.getByRole("button", { name: "Preview again" }));
  await panel.getByText("Stored values go for good: of 1 field or choice, in up to 1 record.").waitFor(SLOW);
  await tick(panel, deed);
  await hand.press(panel.getByRole("button", { name: deed }));
  await panel.getByText(/^REDCap has the dictionary/).waitFor(SLOW);
  expect(await study.dictionary()).toMatch(/sleep_hours/);
  expect(await study.dictionary()).not.toContain("contact_notes");
  watch.clean();
});

test("an instrument is deleted by who has read what goes with it", async () => {
  const { page, watch } = ada;
  const panel = part("delete-form");
  await hand.type(panel.getByLabel("Instrument"), "sleep");
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  await panel.getByText("No record holds data in sleep").waitFor(SLOW);
  await accessible(page);
  const deed = /^Delete sleep: 1 field$/;
  await tick(panel, deed);
  await hand.press(panel.getByRole("button", { name: deed }));
  await panel.getByText("sleep is deleted in REDCap").waitFor(SLOW);
  expect(await study.dictionary()).not.toContain("sleep_hours");

  // What the study needs is refused, with its reason, and nothing can be ordered.
  await hand.type(panel.getByLabel("Instrument"), "enrollment");
  expect(await panel.getByText("sleep is deleted in REDCap").count()).toBe(0);
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  await panel.getByText("This must not be done").waitFor(SLOW);
  expect(await panel.getByRole("button", { name: /^Delete enrollment/ }).count()).toBe(0);
  await accessible(page);
  watch.clean();
});

test("a project that is not empty is not set up, and the design can be taken along", async () => {
  const { page, watch } = ada;
  const panel = part("init-project");
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  await panel.getByText("This must not be done").waitFor(SLOW);
  expect(await panel.getByRole("button", { name: /^Set up the project/ }).count()).toBe(0);
  await accessible(page);
  await hand.reach(panel.getByRole("radio", { name: "Made from" }));
  await page.keyboard.press("ArrowDown");
  expect(await panel.getByText("This must not be done").count()).toBe(0);
  const broken = { name: "design.json", mimeType: "application/json", buffer: Buffer.from("{}") };
  await page.locator('#init-project input[type="file"]').setInputFiles(broken);
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  await panel.getByText("design.json names no dictionary").waitFor();
  await accessible(page);
  watch.clean();
});

test("records that REDCap never announced are imported, after one has seen which", async () => {
  const { page, watch } = ada;
  await study.silence();
  const [first, second] = [await study.enrollUnheard(), await study.enrollUnheard()];
  const panel = part("import-participants");
  await hand.type(panel.getByLabel("Records"), first);
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  await panel.getByText("Becomes a participant: 1").waitFor(SLOW);
  await accessible(page);
  await hand.press(panel.getByRole("button", { name: "Enroll 1 record" }));
  await panel.getByText("1 participant was enrolled").waitFor(SLOW);
  await hand.type(panel.getByLabel("Records"), `${first}, ${second}, nobody`);
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  await panel.getByText("Is a participant already: 1").waitFor(SLOW);
  await panel.getByText("Not in REDCap: 1").waitFor();
  await accessible(page);
  await hand.press(page.getByRole("link", { name: /^Participants/ }));
  await page.getByRole("link", { name: first, exact: true }).waitFor(SLOW);
  expect(await page.getByRole("link", { name: second, exact: true }).count()).toBe(0);
  watch.clean();
});

test("an empty project is set up from the study's settings, and there is nothing left to do then", async () => {
  const { page, watch } = ada;
  const code = await study.anotherStudy(site, readFileSync(PROJECT, "utf8"));
  await page.goto(`${site.facts.metricis}/console/studies/${code}/redcap-project`);
  const panel = part("init-project");
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  const deed = /^Set up the project: write /;
  await panel.getByText("of the project's present design go for good").waitFor(SLOW);
  await accessible(page);
  await tick(panel, deed);
  await hand.press(panel.getByRole("button", { name: deed }));
  await panel.getByText("The project is set up.").waitFor(SLOW);
  await hand.press(panel.getByRole("button", { name: "Preview" }));
  await panel.getByText("There is nothing to do.").waitFor(SLOW);
  watch.clean();
});

test("who may not change the project finds no button", async () => {
  const who = { email: "coordinator@demo.example", password: "correct horse battery staple" };
  site.command(["user", "create", who.email, "--password-stdin"], `${who.password}\n`);
  site.command(["study", "grant", site.facts.code, "--user", who.email, "--role", "coordinator"]);
  const { page, watch, context } = await desk(browser, site.facts.metricis, who);
  await page.goto(at("redcap"));
  await page.getByRole("button", { name: "Reconcile now" }).waitFor();
  expect(await page.getByRole("link", { name: "Open the REDCap project" }).count()).toBe(0);
  await page.goto(at("redcap-project"));
  await page.getByText("It needs the role owner or admin").waitFor();
  await accessible(page);
  watch.clean();
  await context.close();
});
