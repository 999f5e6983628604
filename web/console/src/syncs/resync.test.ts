import { expect, test } from "vitest";
import { resyncWords } from "./resync";

const failure = { session: "s", error_type: "api_error" as const, message: "REDCap answered 503" };

test("a re-sync says what reached REDCap", () => {
  expect(resyncWords({ success: true, synced: 2, failed: [] }).message).toBe("2 results reached REDCap.");
  expect(resyncWords({ success: true, synced: 0, failed: [] }).title).toBe("Nothing to re-sync");
});

test("a re-sync in which something failed again is no success", () => {
  const said = resyncWords({ success: false, synced: 1, failed: [failure] });
  expect(said.tone).toBe("bad");
  expect(said.message).toContain("1 result reached REDCap, 1 result failed again");
});

test("without REDCap's answer no outcome is claimed, however many jobs there are", () => {
  const ids = Array.from({ length: 200 }, (_, at) => `${at}`);
  const said = resyncWords({ jobs: ids.map((id) => `/api/studies/s/jobs/${id}`), job_ids: ids });
  expect(said.title).toBe("200 results under way");
  expect(said.message).not.toContain("reached");
});
