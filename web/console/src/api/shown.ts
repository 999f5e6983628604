/** What the API shows, by the names that the pages use. */
import type { Schemas } from "@metricis/api";

export type StudyRole = Schemas["StudySummary"]["role"];
export type SignedIn = Schemas["SignedIn"];
export type VisitToDo = Schemas["DayVisitShown"];
export type VisitsToDo = Schemas["DayListShown"];
export type VisitState = Schemas["CellShown"]["state"];
export type MatrixCell = Schemas["CellShown"];
export type MatrixRow = Schemas["RowShown"];
export type MatrixShown = Schemas["MatrixShown"];

export type ParticipantShown = Schemas["ParticipantShown"];
export type ParticipantPage = Schemas["ParticipantList"];

export interface ParticipantFilter {
  search?: string;
  status?: ParticipantShown["status"];
  site?: string;
  review?: boolean;
  offset?: number;
  limit?: number;
}

export interface AuditFilter {
  object_kind?: string;
  object_id?: string;
  action?: string;
  actor?: string;
  from?: string;
  to?: string;
  before?: number;
  limit?: number;
}

export interface EventFilter {
  status?: Schemas["EventShown"]["status"];
  source?: Schemas["EventShown"]["source"];
  record_id?: string;
  duplicate_of?: string;
  q?: string;
  before?: string;
  limit?: number;
}
