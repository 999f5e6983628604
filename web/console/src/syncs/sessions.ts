/** A study's results by their sync state, newest first. */
import { api, take } from "../api/client";
import { studyQuery } from "../api/query";

/** How many one page shows. */
export const SHOWN = 100;

export const sessionsQuery = (study: string, status: "failed" | "pending") =>
  studyQuery(study, ["sessions"], ["sessions", status], () =>
    take(
      api.GET("/api/studies/{study_id}/sessions", {
        params: { path: { study_id: study }, query: { sync_status: status, limit: SHOWN } },
      }),
    ),
  );
