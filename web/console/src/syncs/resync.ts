/** Sends failed results to REDCap again, through the same pipeline, and says what came of it. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { isUnderWay, settled } from "../api/jobs";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

interface Outcome {
  synced: number;
  failed: number;
}

const counted = (n: number) => (n === 1 ? "1 result" : `${n} results`);

/** What a re-sync came to, whether REDCap answered in time or its jobs had to be waited for. */
async function outcome(answer: Schemas["SyncReport"] | Schemas["JobsUnderWay"]): Promise<Outcome> {
  if (!isUnderWay(answer)) return { synced: answer.synced, failed: answer.failed.length };
  const jobs = await settled(answer.jobs);
  const synced = jobs.filter((job) => job.state === "done" && wasSynced(job.result)).length;
  return { synced, failed: jobs.length - synced };
}

/** A job may end well and still report that the sync failed. */
function wasSynced(result: unknown): boolean {
  return typeof result !== "object" || result === null || !("success" in result) || result.success === true;
}

/** Orders a re-sync of these sessions, or of all failed ones. */
export function useResync() {
  const study = useStudy();
  return useOrder<string[] | null, Outcome>({
    run: async (ids) => {
      const params = { path: { study_id: study.id } };
      return outcome(
        await take(api.POST("/api/studies/{study_id}/sync", { params, body: ids ? { session_ids: ids } : {} })),
      );
    },
    topics: ["sessions", "breaker"],
    said: ({ synced, failed }) =>
      failed === 0
        ? { title: synced === 0 ? "Nothing to re-sync" : "Re-synced", message: `${counted(synced)} reached REDCap.` }
        : {
            title: "Not everything reached REDCap",
            message: `${counted(synced)} reached REDCap, ${counted(failed)} failed again; the reasons stand beside them.`,
            tone: "bad",
          },
  });
}
