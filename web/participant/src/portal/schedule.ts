/** The participant's visits as the server plans them. */
import { type Said, get } from "./api";

export interface Visit {
  visit_id: string;
  label: string;
  status: "pending" | "completed" | "missed" | "cancelled";
  target_date: string;
  window_start: string;
  window_end: string;
  opens_at: string;
  closes_at: string;
  done: boolean;
}

export interface Schedule {
  time_zone: string;
  visits: Visit[];
}

export const readSchedule = (token: string): Promise<Said<Schedule>> => get("/api/portal/schedule", token);

export type VisitState = "done" | "open" | "coming" | "missed" | "over" | "cancelled";

/** What a visit is to the participant at this moment. */
export function visitState(visit: Visit, now: number): VisitState {
  if (visit.done || visit.status === "completed") return "done";
  if (visit.status === "missed" || visit.status === "cancelled") return visit.status;
  if (now < Date.parse(visit.opens_at)) return "coming";
  return now < Date.parse(visit.closes_at) ? "open" : "over";
}
