/** Participants by page, and the addresses of their spreadsheets. */
import { keepPreviousData } from "@tanstack/react-query";
import { api, take } from "../api/client";
import type { ParticipantFilter } from "../api/shown";
import { studyQuery } from "../api/query";
import type { ListSearch } from "../search";

export const PAGE = 50;

/** How many rows of the matrix one request brings. */
export const MATRIX_PAGE = 100;

export const listQuery = (study: string, filter: ParticipantFilter) => ({
  ...studyQuery(study, ["participants", "settings"], ["participants", filter], () =>
    take(api.GET("/api/studies/{study_id}/participants", { params: { path: { study_id: study }, query: filter } })),
  ),
  placeholderData: keepPreviousData,
});

export const matrixQuery = (study: string, filter: ParticipantFilter) =>
  studyQuery(study, ["participants", "visits", "settings"], ["matrix", filter], () =>
    take(api.GET("/api/studies/{study_id}/matrix", { params: { path: { study_id: study }, query: filter } })),
  );

/** What the address says, as the server's filter. */
export function filterOf({ search, status, site, review }: ListSearch): ParticipantFilter {
  return { ...(search && { search }), ...(status && { status }), ...(site && { site }), ...(review && { review }) };
}

/** The address of a spreadsheet with the same filter. */
export function csvAddress(study: string, file: "participants" | "visits", search: ListSearch): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filterOf(search))) query.set(name, String(value));
  const asked = query.toString();
  return `/api/studies/${study}/${file}.csv${asked && `?${asked}`}`;
}
