/** The app as something that a phone keeps: installable, small, open without a line, and updated without losing work. */
import { request } from "node:http";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Ground, isReadyOffline, PHONE, says, simulate } from "./participant-phone";
import { Releases } from "./participant-release";
import { expectAccessible } from "./participant-watch";

/** What the issue allows a phone to load before a task. */
const SHELL_LIMIT = 60_000;
let ground: Ground;
let releases: Releases;

beforeAll(async () => {
  ground = await Ground.open(async (app) => {
    releases = await Releases.open(app);
    return releases.address;
  });
});

afterAll(async () => {
  await ground?.close();
  releases?.close();
});

/** Bytes of the body as they come over the wire. */
function sizeOf(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(address, { headers: { "accept-encoding": "gzip" } }, async (said) => {
      const body = Buffer.concat(await said.toArray());
      resolve(body.length);
    });
    asked.on("error", reject).end();
  });
}

test("a phone loads at most 60 kB, as the server packs it, before a task", async () => {
  const context = await ground.browser.newContext({ ...PHONE, serviceWorkers: "block" });
  const page = await context.newPage();
  const loaded = new Set<string>();
  page.on("response", (said) => {
    const kind = said.request().resourceType();
    if (["document", "script", "stylesheet"].includes(kind)) loaded.add(said.url().replace(/#.*/, ""));
  });
  await page.goto(await ground.link(await ground.study.enroll()));
  await page.waitForSelector(".card.first");
  const sizes = await Promise.all(
    [...loaded].map(async (address) => [new URL(address).pathname, await sizeOf(address)]),
  );
  const total = sizes.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  expect(loaded.size, "the page, its script, its style and its words").toBeGreaterThanOrEqual(4);
  expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(SHELL_LIMIT);
  await context.close();
});

test("Chromium would install it", async () => {
  const { context, page } = await ground.enter(await ground.study.enroll());
  await isReadyOffline(page);
  const session = await context.newCDPSession(page);
  const { errors, data } = await session.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  expect(JSON.parse(data ?? "")).toMatchObject({ start_url: "/app/", scope: "/app/", display: "standalone" });
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  // A window of a test is a private one, which Chromium installs nothing from; nothing else may stand against it.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  await context.close();
});

test("without a line it opens on every page, with what was read last and since when", async () => {
  const { context, page, watched } = await ground.enter(await ground.study.enroll());
  await isReadyOffline(page);
  await page.getByRole("link", { name: "Schedule" }).click();
  await page.waitForSelector(".visit");
  await page.close();
  ground.line.cut();
  const again = await context.newPage();
  for (const [path, seen] of [
    ["", ".card.first"],
    ["schedule", ".visit"],
    ["leave", "main button"],
  ] as const) {
    await again.goto(`${ground.home}${path}`);
    await again.waitForSelector(seen);
    if (path !== "leave") await again.getByText("The study’s server cannot be reached.").waitFor();
    await expectAccessible(again);
  }
  ground.line.restore();
  watched.expectClean();
  await context.close();
});

const release = (page: Page) => page.getAttribute('meta[name="release"]', "content", { timeout: 5_000 });

test("a newer release waits for a person and for open tasks, and unsent work goes through it unharmed", async () => {
  const participant = await ground.study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  await isReadyOffline(page);
  let isOpen = false;
  await context.route("**/api/portal/sessions", (route) => (isOpen ? route.continue() : route.abort()));
  const task = await context.newPage();
  await task.goto(ground.home);
  await task.click(".card.first a.button");
  await task.waitForSelector(".srt-button");
  releases.next();
  await page.goto(ground.home);
  await says(page, "A new version of this app is ready. Your results stay saved.");
  expect(await page.$('meta[name="release"]'), "the old one is still served").toBeNull();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Update" }).click();
  await says(page, "A task is open in a tab. Finish it first.");
  await task.goto(ground.home);
  await simulate(task);
  await says(task, "Saved on this device");
  await task.close();
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Update" }).click()]);
  expect(await release(page)).toBe("next");
  await says(page, "Saved on this device");
  isOpen = true;
  await page.getByRole("button", { name: "Send now" }).click();
  await says(page, "Received by the study");
  expect(await ground.study.sessionsOf(participant)).toEqual(["synced"]);
  watched.expectClean();
  await context.close();
});
