/** Another study's coordinator sees nothing of the first one: in no page, no answer, no stream. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBrowser } from "./browser";
import { desk, type Desk, PAGES, settled } from "./desk";
import { Hand } from "./hand";
import { Study } from "./participant-study";
import { Site } from "./site";

const CODE = "OTHER-001";
const API = JSON.parse(readFileSync(join(import.meta.dirname, "../../docs/openapi.json"), "utf8")) as {
  paths: Record<string, Record<string, unknown>>;
};

let browser: Browser;
let site: Site;
let cleo: Desk;
/** Everything of the first study that has a name or a number. */
let secrets: string[];
/** Every answer of the server to cleo's window, as `address: body`. */
const answers: Promise<string>[] = [];

beforeAll(async () => {
  [browser, site] = await Promise.all([openBrowser(), Site.start()]);
  const study = await Study.beside(site.facts);
  secrets = await study.everyName();
  const who = site.secondStudy(CODE, "A second study");
  cleo = await desk(browser, site.facts.metricis, who);
  // Read on the way to the page: the browser drops a body that it has not handed over when its page is left.
  await cleo.page.route(/\/api\/(?!.*\/changes$)/, async (route) => {
    const answer = route.fetch();
    answers.push(answer.then(async (said) => `${said.url()}: ${await said.text()}`));
    await route.fulfill({ response: await answer });
  });
});

afterAll(async () => {
  await cleo?.page.unrouteAll({ behavior: "wait" });
  await browser?.close();
  await site?.stop();
});

const at = (path: string) => `${site.facts.metricis}/console/studies/${path}`;

/** Fails when the page, or an answer that it was given, holds a name or a number of the first study. */
async function knowsNothing(page: Page, asked: readonly string[] = []): Promise<void> {
  const said = [`${await page.title()} ${await page.locator("body").innerText()}`, ...(await Promise.all(answers))];
  // What somebody has typed or asked for by its address they knew before.
  const names = secrets.filter((secret) => !asked.includes(secret));
  for (const text of said) {
    const body = text.replace(/^\S+: /, "");
    for (const name of names) expect(body.includes(name), `${name} is in: ${text.slice(0, 300)}`).toBe(false);
  }
}

test("the names that are looked for are there to be found", async () => {
  const ada = await desk(browser, site.facts.metricis, site.facts.sign_in);
  await ada.page.getByRole("link", { name: /^Participants/ }).click();
  await ada.page.getByRole("link", { name: "NORTH-001", exact: true }).waitFor();
  const text = await ada.page.locator("body").innerText();
  expect(secrets.some((secret) => text.includes(secret))).toBe(true);
  expect(secrets.length).toBeGreaterThan(10);
  await ada.context.close();
});

test("her own study's pages, its lists and its switcher hold nothing of the first study", async () => {
  const { page } = cleo;
  for (const [path, heading] of PAGES) {
    await page.goto(at(`${CODE}/${path}`));
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    await settled(page);
    await knowsNothing(page);
  }
  await new Hand(page, "keyboard").press(page.getByRole("button", { name: /switch study/ }));
  await expect.poll(() => page.getByRole("menuitem").count()).toBe(1);
  await knowsNothing(page);
  await page.goto(at(`${CODE}/participants?search=NORTH`));
  await page.getByText("Nobody fits this filter").waitFor();
  await knowsNothing(page);
  expect(answers.length).toBeGreaterThan(PAGES.length);
});

test("the first study's pages say not found, and nothing else", async () => {
  const { page } = cleo;
  for (const [path] of PAGES) {
    await page.goto(at(`${site.facts.code}/${path}`));
    await page.getByRole("heading", { name: `No study ${site.facts.code} for your account`, level: 1 }).waitFor();
    await knowsNothing(page, [site.facts.code]);
  }
});

test("what belongs to the first study is not found inside her own", async () => {
  const { page } = cleo;
  const [participant = "", event = ""] = secrets.filter((secret) => /^[0-9a-f]{8}-/.test(secret)).slice(1);
  await page.goto(at(`${CODE}/participants/${participant}`));
  await page.getByText(`${CODE} has no such participant`).waitFor();
  await knowsNothing(page, [participant]);
  await page.goto(at(`${CODE}/events?event=${event}`));
  await page.getByRole("dialog").getByRole("alert").waitFor();
  await knowsNothing(page, [event]);
  await page.goto(at(`${CODE}/audit?object_id=${participant}`));
  await page.getByText("No row fits this filter").waitFor();
  await knowsNothing(page, [participant]);
});

test("every address of the API answers her as if the first study did not exist", async () => {
  const paths = Object.entries(API.paths).filter(([path]) => path.startsWith("/api/studies/{study_id}"));
  expect(paths.length).toBeGreaterThan(20);
  const nobody = "01890000-0000-7000-8000-000000000000";
  const [, participant = "", event = ""] = secrets.filter((secret) => /^[0-9a-f]{8}-/.test(secret));
  for (const [path, operations] of paths) {
    if (!("get" in operations)) continue;
    const under = (study: string) =>
      site.facts.metricis +
      path
        .replace("{study_id}", study)
        .replace("{participant_id}", participant)
        .replace("{event_id}", event)
        .replace("{job_id}", nobody);
    const [theirs, none] = [
      await cleo.page.request.get(under(site.facts.study)),
      await cleo.page.request.get(under(nobody)),
    ];
    expect([path, theirs.status()]).toEqual([path, 404]);
    const told = (text: string) => text.replace(/"request_id":"[^"]*"/, "").replaceAll(site.facts.study, nobody);
    expect(told(await theirs.text())).toBe(told(await none.text()));
  }
});

test("her page stays silent while the first study changes", async () => {
  const { page, watch } = cleo;
  await page.goto(at(`${CODE}/today`));
  await page.locator('[data-live="true"]').getByText("Live").waitFor();
  await settled(page);
  const before = answers.length;
  const study = await Study.beside(site.facts);
  const enrolled = await study.enroll();
  // The server looks once a second at what changed; her own study's stream is told of its own changes at the same look.
  const asked = page.waitForResponse(/dashboard/);
  site.command(["breaker", "reset", CODE]);
  await asked;
  expect(answers.length - before).toBeLessThanOrEqual(6);
  secrets.push(enrolled.id, enrolled.record);
  await knowsNothing(page);
  // The refusals above are written to the browser's own log.
  watch.forgive(/status of 404/);
  watch.clean();
});
