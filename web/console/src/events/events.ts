/** What REDCap announced and what came of it. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import type { EventFilter } from "../api/shown";
import { studyQuery } from "../api/query";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

export type Event = Schemas["EventShown"];

/** How many one page of the list holds. */
export const PAGE = 50;

export const eventsQuery = (study: string, filter: EventFilter) =>
  studyQuery(study, ["events"], ["events", filter], async () => {
    const query = { limit: PAGE, ...filter };
    return (await take(api.GET("/api/studies/{study_id}/webhooks", { params: { path: { study_id: study }, query } })))
      .events;
  });

export const stuckQuery = (study: string) =>
  studyQuery(study, ["events"], ["stuck-events"], () =>
    take(api.GET("/api/studies/{study_id}/webhooks/stuck", { params: { path: { study_id: study } } })),
  );

export const eventQuery = (study: string, event: string) =>
  studyQuery(study, ["events"], ["event", event], () =>
    take(
      api.GET("/api/studies/{study_id}/webhooks/{event_id}", {
        params: { path: { study_id: study, event_id: event } },
      }),
    ),
  );

const REASONS: Record<string, string> = {
  api_error: "REDCap did not answer as it should",
  validation: "What REDCap holds cannot be used",
  exception: "It ended in the middle",
  circuit_open: "Not read",
};

/** Why an event failed, its first word in the words of people. */
export function failureWords(message: string): string {
  const [, type = "", why = ""] = /^([a-z_]+): (.*)$/s.exec(message) ?? [];
  const reason = REASONS[type];
  return reason ? `${reason}: ${why}` : message;
}

export function useReplay() {
  const study = useStudy();
  return useOrder<string, Event>({
    run: (event) =>
      take(
        api.POST("/api/studies/{study_id}/webhooks/{event_id}/replay", {
          params: { path: { study_id: study.id, event_id: event } },
        }),
      ),
    topics: ["events", "participants", "visits"],
    said: (event) => ({
      title: `The event of record ${event.record_id} is replayed`,
      message: "Its state changes here as soon as it has been worked on.",
    }),
  });
}
