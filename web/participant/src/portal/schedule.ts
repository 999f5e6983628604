/** What a visit is to the participant at this moment. Pure. */
import type { Schemas } from "@metricis/api";

export type Visit = Schemas["OwnVisit"];
export type VisitState = "done" | "open" | "coming" | "missed" | "over" | "cancelled";

export function visitState(visit: Visit, now: number): VisitState {
  if (visit.done || visit.status === "completed") return "done";
  if (visit.status === "missed" || visit.status === "cancelled") return visit.status;
  if (now < Date.parse(visit.opens_at)) return "coming";
  return now < Date.parse(visit.closes_at) ? "open" : "over";
}
