/** Operations that the console reads and docs/openapi.json does not describe yet; each goes when the generated schema has it. */
import type { Paths, Schemas } from "@metricis/api";

export type StudyRole = Schemas["StudySummary"]["role"];
export type SignedIn = Schemas["SignedIn"];
export type VisitToDo = Schemas["DayVisitShown"];
export type VisitsToDo = Schemas["DayListShown"];
export type VisitState = Schemas["CellShown"]["state"];
export type MatrixCell = Schemas["CellShown"];
export type MatrixRow = Schemas["RowShown"];
export type MatrixShown = Schemas["MatrixShown"];

export interface ParticipantFilter {
  search?: string;
  status?: Schemas["ParticipantShown"]["status"];
  site?: string;
  review?: boolean;
  offset?: number;
  limit?: number;
}

export interface ParticipantPage {
  total: number;
  participants: (Schemas["ParticipantShown"] & { review?: string | null })[];
}

interface Answer<Body> {
  responses: { 200: { headers: object; content: { "application/json": Body } } } & Record<
    401 | 404 | 422,
    { headers: object; content: { "application/problem+json": Schemas["Problem"] } }
  >;
}

interface Ask<Query, Body> extends Answer<Body> {
  parameters: { path: { study_id: string }; query?: Query };
}

interface PendingPaths {
  "/api/studies/{study_id}/sessions": {
    get: Ask<
      { sync_status?: string | undefined; participant_id?: string | undefined; limit?: number | undefined },
      Schemas["SessionList"]
    >;
  };
  "/api/studies/{study_id}/audit": { get: Ask<AuditFilter, Schemas["AuditList"]> };
  "/api/studies/{study_id}/webhooks": { get: Ask<EventFilter, Schemas["EventList"]> };
}

export interface AuditFilter {
  object_kind?: string | undefined;
  object_id?: string | undefined;
  action?: string | undefined;
  actor?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  before?: number | undefined;
  limit?: number | undefined;
}

export interface EventFilter {
  status?: string | undefined;
  source?: string | undefined;
  record_id?: string | undefined;
  duplicate_of?: string | undefined;
  q?: string | undefined;
  before?: string | undefined;
  limit?: number | undefined;
}

export type ConsolePaths = Omit<Paths, keyof PendingPaths> & PendingPaths;
