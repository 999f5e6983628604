/** How a study is connected to REDCap, and the calls that show REDCap's own answer. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { ended, isUnderWay, type Job } from "../api/jobs";
import { studyQuery } from "../api/query";
import { Refusal } from "../api/refusal";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

export type RedcapShown = Schemas["RedcapShown"];
export type TestShown = Schemas["TestShown"];
export type EventSyncShown = Schemas["EventSyncShown"];
export type SurveyLinksShown = Schemas["SurveyLinksShown"];

export const redcapQuery = (study: string) =>
  studyQuery(study, ["redcap", "settings"], ["redcap"], () =>
    take(api.GET("/api/studies/{study_id}/redcap", { params: { path: { study_id: study } } })),
  );

/** What came of a call, whether it came with the answer or with the job that the answer names. */
export async function cameOf<Shown extends object>(
  study: string,
  answer: Shown | Schemas["JobsUnderWay"],
  of: (job: Job) => Shown | null | undefined,
): Promise<Shown> {
  if (!isUnderWay(answer)) return answer;
  const [id] = answer.job_ids;
  const shown = id && of(await ended(study, id));
  if (!shown) throw new Refusal(0, "The server named no answer", "Ask again.");
  return shown;
}

/** Asks REDCap who it is, as a person ordered. */
export function useTest() {
  const { id: study } = useStudy();
  return useOrder<void, TestShown>({
    run: async () => {
      const params = { path: { study_id: study } };
      const answer = await take(api.POST("/api/studies/{study_id}/redcap/test-connection", { params }));
      return cameOf(study, answer, (job) => job.connection_test);
    },
    topics: ["redcap", "breaker"],
    quiet: true,
  });
}

/** Reads REDCap's events, as a person ordered. */
export function useEventSync() {
  const { id: study } = useStudy();
  return useOrder<void, EventSyncShown>({
    run: async () => {
      const params = { path: { study_id: study } };
      const answer = await take(api.POST("/api/studies/{study_id}/redcap/sync-events", { params }));
      return cameOf(study, answer, (job) => job.event_sync);
    },
    topics: ["redcap", "visits", "breaker"],
    quiet: true,
  });
}

/** Asks REDCap again for all survey links that are needed, as a person ordered. */
export function useLinkRefresh() {
  const { id: study } = useStudy();
  return useOrder<void, SurveyLinksShown>({
    run: async () => {
      const params = { path: { study_id: study } };
      const answer = await take(api.POST("/api/studies/{study_id}/redcap/refresh-survey-links", { params }));
      return cameOf(study, answer, (job) => job.survey_links);
    },
    topics: ["visits", "breaker"],
    quiet: true,
  });
}
