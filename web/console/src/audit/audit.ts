/** The rows of a study's audit log, newest first. */
import type { Schemas } from "@metricis/api";
import { api, take } from "../api/client";
import type { AuditFilter } from "../api/shown";
import { studyQuery } from "../api/query";

export type AuditRow = Schemas["AuditShown"];

export const auditQuery = (study: string, filter: AuditFilter) =>
  studyQuery(study, ["audit"], ["audit", filter], () =>
    take(api.GET("/api/studies/{study_id}/audit", { params: { path: { study_id: study }, query: filter } })),
  );

export const membersQuery = (study: string) =>
  studyQuery(study, ["settings"], ["members"], () =>
    take(api.GET("/api/studies/{study_id}/members", { params: { path: { study_id: study } } })),
  );
