/** What the API shows, by the names that the pages use. */
import type { Query, Schemas } from "@metricis/api";

export type StudyRole = Schemas["StudySummary"]["role"];
export type SignedIn = Schemas["SignedIn"];
export type VisitToDo = Schemas["DayVisitShown"];
export type VisitsToDo = Schemas["DayListShown"];
export type MatrixCell = Schemas["CellShown"];
export type MatrixRow = Schemas["RowShown"];
export type MatrixShown = Schemas["MatrixShown"];

export type ParticipantShown = Schemas["ParticipantShown"];
export type ParticipantPage = Schemas["ParticipantList"];

export type ParticipantFilter = Query<"/api/studies/{study_id}/participants">;
export type AuditFilter = Query<"/api/studies/{study_id}/audit">;
export type EventFilter = Query<"/api/studies/{study_id}/webhooks">;
export type Breaker = Schemas["BreakerShown"];
