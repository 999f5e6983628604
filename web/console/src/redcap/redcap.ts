/** How a study is connected to REDCap, and the calls that show REDCap's own answer. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { isUnderWay, settled } from "../api/jobs";
import { studyQuery } from "../api/query";
import { Refusal } from "../api/refusal";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

export type RedcapShown = Schemas["RedcapShown"];

export const redcapQuery = (study: string) =>
  studyQuery(study, ["redcap", "settings"], ["redcap"], () =>
    take(api.GET("/api/studies/{study_id}/redcap", { params: { path: { study_id: study } } })),
  );

/** What came of a call; a success has its own members beside these. */
export interface Outcome {
  success: boolean;
  error: string | null;
  error_type: string | null;
  [member: string]: unknown;
}

/** The outcome, whether it came with the answer or with the job that the answer names. */
export async function outcomeOf(answer: object): Promise<Outcome> {
  if (!isUnderWay(answer)) return { error: null, error_type: null, ...answer } as Outcome;
  const [job] = await settled(answer.jobs);
  if (!job) throw new Refusal(0, "The answer named no job", "");
  if (job.state === "failed") return { success: false, error: job.error ?? "The job failed", error_type: null };
  return { success: true, error: null, error_type: null, ...job.result };
}

/** A call of REDCap that a person ordered. */
export function useCall(path: "test-connection" | "sync-events") {
  const study = useStudy();
  const params = { path: { study_id: study.id } };
  return useOrder<void, Outcome>({
    run: async () =>
      outcomeOf(
        path === "sync-events"
          ? await take(api.POST("/api/studies/{study_id}/redcap/sync-events", { params }))
          : await take(api.POST("/api/studies/{study_id}/redcap/test-connection", { params })),
      ),
    topics: ["redcap", "visits", "breaker"],
    quiet: true,
  });
}
