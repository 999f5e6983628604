/** Sends failed results to REDCap again, through the same pipeline, and says what came of it. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { isUnderWay } from "../api/jobs";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

/** How many results one order takes; the next order takes the next. */
export const AT_ONCE = 200;

type Answer = Schemas["SyncReport"] | Schemas["JobsUnderWay"];

const counted = (n: number) => (n === 1 ? "1 result" : `${n} results`);

/** What a re-sync came to. Results that REDCap has not answered yet are followed by the lists, which change by themselves. */
export function resyncWords(answer: Answer): { title: string; message: string; tone?: "good" | "bad" } {
  if (isUnderWay(answer)) {
    const results = counted(answer.job_ids.length);
    return {
      title: `${results} under way`,
      message:
        "REDCap has not answered yet. Each stands under “On its way” until REDCap has it, and here again if it fails.",
    };
  }
  const [synced, failed] = [answer.synced, answer.failed.length];
  if (synced + failed === 0)
    return { title: "Nothing to re-sync", message: "No result is held back by a failed sync." };
  if (failed === 0) return { title: "Re-synced", message: `${counted(synced)} reached REDCap.` };
  return {
    title: "Not everything reached REDCap",
    message: `${counted(synced)} reached REDCap, ${counted(failed)} failed again; the reasons stand beside them.`,
    tone: "bad",
  };
}

/** Orders a re-sync of these sessions, or of the latest failed ones. */
export function useResync() {
  const study = useStudy();
  return useOrder<string[] | null, Answer>({
    run: (ids) => {
      const params = { path: { study_id: study.id } };
      return take(api.POST("/api/studies/{study_id}/sync", { params, body: ids ? { session_ids: ids } : {} }));
    },
    topics: ["sessions", "breaker"],
    said: resyncWords,
  });
}
