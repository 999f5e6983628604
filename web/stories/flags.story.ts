/** What REDCap does not announce: records that are renamed and deleted there are found, told without a reload, and decided on. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { desk, DESK, type Desk, settled } from "./desk";
import { type By, Hand } from "./hand";
import { type Participant, Study } from "./participant-study";
import { Site } from "./site";
import { accessible } from "./watch";

const SLOW = { timeout: 60_000 };

let browser: Browser;
let site: Site;
let study: Study;
let ada: Desk;

beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
  study = await Study.beside(site.facts);
  ada = await desk(browser, site.facts.metricis, site.facts.sign_in);
});

afterAll(async () => {
  await browser?.close();
  await site?.stop();
});

const SEEN = "Close the flag: the move was seen";

const at = (path: string) => `${site.facts.metricis}/console/studies/${site.facts.code}/${path}`;
const heading = (page: Page, name: string) => page.getByRole("heading", { name, level: 1 });

/** The address of a participant's page. */
const pageOf = ({ id }: Participant) => at(`participants/${id}`);

/** One of the facts on a participant's page. */
const factOf = (page: Page, name: string) => page.getByRole("term").filter({ hasText: name }).locator("xpath=../dd");

/** Decides on the flag that one sees, with a reason, in a dialog that gives the focus back into the page. */
async function decide(hand: Hand, opener: string | RegExp, deed: RegExp, reason: string): Promise<void> {
  const { page } = hand;
  await hand.press(page.getByRole("button", { name: opener }));
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await accessible(page);
  expect(await dialog.getByRole("button", { name: deed }).isDisabled()).toBe(true);
  await hand.type(dialog.getByLabel("Reason"), reason);
  await hand.press(dialog.getByRole("button", { name: deed }));
  await dialog.waitFor({ state: "detached" });
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
}

test.each<{ by: By }>([{ by: "pointer" }, { by: "keyboard" }])(
  "a renamed record is followed, and who was deleted has no record any more, by $by",
  async ({ by }) => {
    const { page, watch } = ada;
    const hand = new Hand(page, by);
    const [renamed, deleted] = [await study.enroll(), await study.enroll()];
    const name = `${renamed.record}-B`;
    await study.rename(renamed, name);
    await study.delete(deleted);

    // Another window stands open at the flags: it learns of them by itself.
    const other = await ada.context.newPage();
    await other.goto(at("flags"));
    await other.getByText("Nothing waits for a decision").waitFor();

    await page.goto(at("redcap"));
    await heading(page, "REDCap").waitFor();
    await settled(page);
    await hand.press(page.getByRole("button", { name: "Preview" }));
    await page.getByText(/^It would come to: .*2 flags/).waitFor(SLOW);
    expect(await other.getByText("Nothing waits for a decision").count()).toBe(1);
    await hand.press(page.getByRole("button", { name: "Reconcile now" }));
    await page.getByText(/^2 flags(?! wait)/).waitFor(SLOW);
    await page.getByText(`Record ${renamed.record} was renamed to ${name} in REDCap on `).waitFor();
    await page.getByText(/Every record was last accounted for/).waitFor();
    await accessible(page);
    await other.getByText(`Record ${deleted.record} was deleted in REDCap on `).waitFor(SLOW);
    await other.close();

    // Today says so, and leads there; the participant's own page says so first.
    await hand.press(page.getByRole("link", { name: /^Today/ }));
    const tile = page.getByRole("region", { name: "Flags" });
    await tile.getByText("2", { exact: true }).waitFor();
    await accessible(page);
    await hand.press(tile.getByRole("link"));
    await heading(page, "Flags").waitFor();
    await page.getByText("2 wait for a decision").waitFor();
    await accessible(page);
    await hand.press(page.getByRole("link", { name: renamed.record, exact: true }));
    await heading(page, renamed.record).waitFor();
    await page.getByText("Something happened to this record in REDCap").waitFor();
    await accessible(page);

    // Followed on the participant's page: the record has its new name there, without a reload.
    const follow = `Follow the rename of ${renamed.record} to ${name}`;
    await decide(hand, follow, /^Follow: the record becomes /, `the hospital has new record names (${by})`);
    await page.getByText("Something happened to this record in REDCap").waitFor({ state: "detached" });
    await factOf(page, "REDCap record").getByText(name).waitFor();

    // The other one has no record any more: decided on the page of the flags, it stands among the closed ones with its reason.
    await hand.press(page.getByRole("link", { name: /^Flags/ }));
    await page.getByRole("button", { name: `There again: record ${deleted.record}` }).waitFor();
    const none = `No record any more: ${deleted.record}, who had ${deleted.record}`;
    await decide(hand, none, /has no record any more$/, `entered twice by mistake (${by})`);
    await page.getByText("Nothing waits for a decision").waitFor();
    expect(page.url()).toBe(at("flags"));
    await hand.reach(page.getByRole("switch", { name: "Show closed ones as well" }));
    await page.keyboard.press("Space");
    await page.getByText(`“entered twice by mistake (${by})”`).waitFor();
    await page.getByText(`“the hospital has new record names (${by})”`).waitFor();
    await accessible(page);
    await page.goto(pageOf(deleted));
    await heading(page, deleted.record).waitFor();
    await factOf(page, "REDCap record").getByText("no record in REDCap").waitFor();
    expect(await factOf(page, "REDCap record").getByRole("link").count()).toBe(0);
    await accessible(page);
    watch.clean();
  },
);

test("a move to another group is a flag too; who types a reason too late is told that somebody was quicker", async () => {
  const { page, watch, context } = ada;
  const moved = await study.enroll();
  await study.moveTo(null, moved);
  await page.goto(at("redcap"));
  await page.getByLabel("Read every record").check();
  await page.getByRole("button", { name: "Reconcile now" }).click();
  await page.getByText(/all of them read/).waitFor(SLOW);
  const other = await context.newPage();
  for (const one of [page, other]) {
    await one.goto(at("flags"));
    await one.getByRole("button", { name: `Seen: the move of record ${moved.record}` }).click(SLOW);
    await one.getByLabel("Reason").fill("seen");
  }
  await other.getByRole("button", { name: SEEN }).click();
  await other.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByText("Nothing waits for a decision").waitFor(SLOW);
  expect(await page.getByLabel("Reason").inputValue()).toBe("seen");
  await page.getByRole("button", { name: SEEN }).click();
  await page.getByText("the flag was decided on already: dismissed").waitFor();
  await accessible(page);
  watch.forgive(/409/);
  watch.clean();
  await other.close();
});

test("who may only read sees the flags without a button, and a phone holds all of it", async () => {
  const person = await study.enroll();
  await study.delete(person);
  const who = { email: "reader@demo.example", password: "correct horse battery staple" };
  site.command(["user", "create", who.email, "--password-stdin"], `${who.password}\n`);
  site.command(["study", "grant", site.facts.code, "--user", who.email, "--role", "monitor"]);
  await ada.page.goto(at("redcap"));
  await ada.page.getByRole("button", { name: "Reconcile now" }).click();
  await ada.page.getByText(/^1 flag(?! waits)/).waitFor(SLOW);
  const phone = { viewport: { width: 390, height: 844 }, locale: DESK.locale };
  const { page, watch, context } = await desk(browser, site.facts.metricis, who, phone);
  await page.goto(at("flags"));
  await page.getByText(`Record ${person.record} was deleted in REDCap on `).waitFor();
  await page.getByText("Waits for a coordinator").waitFor();
  expect(await page.getByRole("button", { name: /^(There again|No record)/ }).count()).toBe(0);
  await accessible(page);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
  await page.goto(at("redcap"));
  await page.getByText(/Every record was last accounted for/).waitFor();
  expect(await page.getByRole("button", { name: "Reconcile now" }).count()).toBe(0);
  watch.clean();
  await context.close();
});

test("of a chain of renames each is decided in its turn, and what has the new name may be somebody else", async () => {
  const { page, watch } = ada;
  const hand = new Hand(page, "pointer");
  const person = await study.enroll();
  const [second, third] = [`${person.record}-B`, `${person.record}-C`];
  await study.rename(person, second);
  await study.rename({ ...person, record: second }, third);
  await page.goto(at("redcap"));
  await page.getByRole("button", { name: "Reconcile now" }).click();
  await page.getByText(/^2 flags(?! wait)/).waitFor(SLOW);
  await page.goto(pageOf(person));
  await page.getByText(`decide first on the rename of ${person.record} to ${second}`).waitFor();
  await page.getByText("Waits for an earlier decision").waitFor();
  await accessible(page);
  await decide(hand, `Somebody else has ${second}`, /has no record any more$/, "another person's form");
  await page.getByText("has no record any more, by an earlier decision").waitFor();
  await factOf(page, "REDCap record").getByText("no record in REDCap").waitFor();
  expect(await page.getByRole("button", { name: /^Follow/ }).count()).toBe(0);
  await decide(hand, `Somebody else has ${third}`, /has no record any more$/, "another person's form");
  await page.getByText("Several things happened").waitFor({ state: "detached" });
  watch.clean();
});

test("a deleted record that is there again stays its participant's", async () => {
  const { page, watch } = ada;
  const person = await study.enroll();
  await study.delete(person);
  await page.goto(at("redcap"));
  await page.getByRole("button", { name: "Reconcile now" }).click();
  // Beside it may stand the event of who was somebody else.
  await page.getByText(/\b1 flag(?! waits)/).waitFor(SLOW);
  await study.fill(person, "contact", { contact_notes: "call by day" });
  await page.goto(pageOf(person));
  const reason = "entered again from paper";
  await decide(
    new Hand(page, "pointer"),
    `There again: record ${person.record}`,
    /is there again, and theirs$/,
    reason,
  );
  await page.getByText("Something happened to this record in REDCap").waitFor({ state: "detached" });
  await factOf(page, "REDCap record").getByText(person.record).waitFor();
  watch.clean();
});

test("a second reconcile is refused while one is under way, a preview too", async () => {
  const { page, watch, context } = ada;
  const other = await context.newPage();
  for (const one of [page, other]) {
    await one.goto(at("redcap"));
    await one.getByRole("button", { name: "Preview" }).waitFor();
  }
  await study.breakRedcap("slow:2000");
  await page.getByRole("button", { name: "Preview" }).click();
  await other.getByText("One waits or is under way; another is refused until it has ended.").waitFor(SLOW);
  await other.getByRole("button", { name: "Preview" }).click();
  await other.getByText("a reconcile of this study is under way").waitFor(SLOW);
  await study.breakRedcap("");
  await page.getByText(/listed by REDCap/).waitFor(SLOW);
  await page.getByText("One waits or is under way").waitFor({ state: "detached" });
  watch.forgive(/409/);
  watch.clean();
  await other.close();
});

test("what was deleted with its log is flagged on a person's word, after a run that could not explain it", async () => {
  const { page, watch } = ada;
  await study.enroll();
  // To who may see no record of the north they are as good as deleted with their log.
  await study.connectAs("site_south");
  await page.goto(at("redcap"));
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("Missing in REDCap without an explanation").waitFor(SLOW);
  const deed = page.getByRole("button", { name: "They were deleted with their log: flag them as deleted" });
  expect(await deed.count()).toBe(0);
  await page.getByRole("button", { name: "Reconcile now" }).click();
  await deed.waitFor(SLOW);
  expect(await deed.isDisabled()).toBe(true);
  await page.getByLabel("I have looked in REDCap: they were deleted with their log").check();
  await accessible(page);
  await deed.click();
  await page.getByText("each is a flag now").waitFor(SLOW);
  expect(await deed.count()).toBe(0);
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("MAIN");
  watch.clean();
});
