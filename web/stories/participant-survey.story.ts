/** A survey in REDCap as a participant meets it: a task, its link, and done when REDCap says so. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Ground, says, simulate } from "./participant-phone";

let ground: Ground;

beforeAll(async () => {
  ground = await Ground.open();
});

afterAll(async () => {
  await ground?.close();
});

test("a survey waits for its link, opens in REDCap, and with the result it holds the visit", async () => {
  const { study } = ground;
  await study.breakRedcap("down on surveyLink");
  await study.nameSurveys(["wellbeing"]);
  const participant = await study.enroll();
  const { context, page, watched } = await ground.enter(participant);
  const survey = page.locator(".card", { hasText: "Survey: wellbeing" });
  await survey.getByText("has not made your link yet").waitFor();
  await study.breakRedcap("");
  await study.refreshLinks();
  await page.reload();
  const link = survey.getByRole("link", { name: "Open the survey" });
  expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
  const [redcap] = await Promise.all([context.waitForEvent("page"), link.click()]);
  await redcap.getByRole("button", { name: "Submit" }).click();
  await redcap.waitForLoadState();
  await redcap.close();
  const answered = page.getByRole("heading", { name: "Surveys you have answered" });
  // A page that was loaded anew has to be drawn first.
  const seen = async () => {
    await page.reload();
    return answered.waitFor({ timeout: 5_000 }).then(
      () => true,
      () => false,
    );
  };
  await expect.poll(seen, { timeout: 150_000 }).toBe(true);
  expect((await study.visitsOf(participant))["baseline_arm_1"], "the result is left").toBe("pending");
  await simulate(page);
  await says(page, "Received by the study");
  expect((await study.visitsOf(participant))["baseline_arm_1"]).toBe("completed");
  watched.expectClean();
  await context.close();
});
