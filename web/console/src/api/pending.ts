/** Operations that the console reads and docs/openapi.json does not describe yet; each goes when the generated schema has it. */
import type { Paths, Schemas } from "@metricis/api";

export type StudyRole = Schemas["StudySummary"]["role"];

export interface SignedIn {
  id: string;
  email: string;
  role: string;
  studies: { id: string; code: string; name: string; role: StudyRole }[];
  csrf_token?: string | null;
  ends_at?: string | null;
}

export interface VisitToDo {
  visit_id: string;
  participant_id: string;
  participant_code: string;
  site_code: string | null;
  label: string;
  event_name: string;
  status: string;
  target_date: string;
  window_start: string;
  window_end: string;
  days_left: number;
}

export interface VisitsToDo {
  total: number;
  visits: VisitToDo[];
}

export interface TodayShown {
  study_date: string;
  time_zone: string;
  due: VisitsToDo;
  overdue: VisitsToDo;
  upcoming: VisitsToDo;
}

export type VisitState = "upcoming" | "due" | "overdue" | "completed" | "missed" | "cancelled";

export interface MatrixCell {
  visit_id: string;
  status: string;
  state: VisitState;
  target_date: string;
}

export interface MatrixRow {
  participant_id: string;
  participant_code: string;
  status: Schemas["ParticipantShown"]["status"];
  site_code: string | null;
  cells: (MatrixCell | null)[];
}

export interface MatrixShown {
  total: number;
  windows: { key: string; label: string; arm: number; event_name: string }[];
  rows: MatrixRow[];
}

export interface ParticipantFilter {
  search?: string | undefined;
  status?: string | undefined;
  site?: string | undefined;
  review?: boolean | undefined;
  offset?: number | undefined;
  limit?: number | undefined;
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
  "/api/auth/session": {
    get: Answer<SignedIn>;
    post: Answer<unknown> & { requestBody: { content: { "application/json": Schemas["Credentials"] } } };
    delete: Answer<unknown>;
  };
  "/api/studies/{study_id}/today": { get: Ask<never, TodayShown> };
  "/api/studies/{study_id}/matrix": { get: Ask<ParticipantFilter, MatrixShown> };
  "/api/studies/{study_id}/participants": { get: Ask<ParticipantFilter, ParticipantPage> };
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
