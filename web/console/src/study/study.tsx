/** The study of the address: what its pages know of it and what the signed-in person may do there. */
import type { Schemas } from "@metricis/api";
import { createContext, useContext } from "react";
import { api, take } from "../api/client";
import type { SignedIn, StudyRole } from "../api/shown";
import { studyQuery } from "../api/query";

export type StudyDetail = Schemas["StudyDetail"];

export interface Study {
  id: string;
  code: string;
  name: string;
  role: StudyRole;
  detail: StudyDetail;
  /** Run the study day by day. */
  mayCoordinate: boolean;
  /** Configure it. */
  mayAdminister: boolean;
}

const StudyContext = createContext<Study | null>(null);

export const StudyProvider = StudyContext.Provider;

/** The study, or null on a page outside of any. */
export const useStudyIfAny = (): Study | null => useContext(StudyContext);

export function useStudy(): Study {
  const study = useContext(StudyContext);
  if (!study) throw new Error("a study's page outside of a study");
  return study;
}

export const studyDetailQuery = (id: string) =>
  studyQuery(id, ["settings"], ["detail"], () =>
    take(api.GET("/api/studies/{study_id}", { params: { path: { study_id: id } } })),
  );

export const dashboardQuery = (id: string) =>
  studyQuery(id, ["participants", "visits", "events", "sessions", "breaker"], ["dashboard"], () =>
    take(api.GET("/api/studies/{study_id}/dashboard", { params: { path: { study_id: id } } })),
  );

/** The server's own rule, told early so that nobody presses a button in vain; the server decides. */
export function studyFor(known: SignedIn["studies"][number], detail: StudyDetail): Study {
  const mayAdminister = known.role === "owner" || known.role === "admin";
  return { ...known, detail, mayAdminister, mayCoordinate: mayAdminister || known.role === "coordinator" };
}
