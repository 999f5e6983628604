/** One participant as the server tells it, and the words for it that several parts of the page share. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import { studyQuery } from "../api/query";
import { words } from "../display/Status";

export type Detail = Schemas["ParticipantDetail"];
export type Visit = Schemas["VisitShown"];
export type Version = Schemas["VersionShown"];
export type Session = Schemas["SessionShown"];

export const participantQuery = (study: string, participant: string) =>
  studyQuery(study, ["participants", "visits", "sessions"], ["participant", participant], () => {
    const path = { study_id: study, participant_id: participant };
    return take(api.GET("/api/studies/{study_id}/participants/{participant_id}", { params: { path } }));
  });

export const sitesQuery = (study: string) =>
  studyQuery(study, ["settings"], ["sites"], () =>
    take(api.GET("/api/studies/{study_id}/sites", { params: { path: { study_id: study } } })),
  );

const FLAGS: Record<string, string> = {
  anchor_moved: "The anchor date moved after this visit: look whether it still counts",
  anchor_differs: "The enrollment date in REDCap differs from the one used here",
  visit_cancelled: "Done for a visit that had been cancelled",
  early: "Done before its window opened",
  late: "Arrived after its window had closed",
  clock_ahead: "The device's clock was ahead",
  repeated: "Done again for the same visit",
  withdrawn: "Arrived after the participant had withdrawn",
};

/** What a flag asks a person to look at. */
export const flagWords = (flag: string) => FLAGS[flag] ?? words(flag);

const REASONS: Record<string, string> = {
  api_error: "REDCap did not answer as it should",
  validation: "REDCap refused the values",
  exception: "It ended in the middle; sending it again is safe",
  circuit_open: "Not sent: the circuit breaker was open",
};

/** Why a sync failed, in words. */
export const reasonWords = (type: string) => REASONS[type] ?? words(type);
