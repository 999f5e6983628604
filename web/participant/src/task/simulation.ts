/** Whether a task may play itself: only when the address asks for it and the server says that it is not production. */
import { readHealth } from "../portal/api";

export type Simulation = "visual" | "data-only";

export function wantedSimulation(search: string): Simulation | null {
  const wanted = new URLSearchParams(search).get("simulate");
  return wanted === "visual" || wanted === "data-only" ? wanted : null;
}

/** Without an answer it may not. */
export async function allowedSimulation(search: string, health = readHealth): Promise<Simulation | null> {
  const wanted = wantedSimulation(search);
  if (!wanted) return null;
  const answer = await health();
  return answer.kind === "ok" && answer.data.environment !== "production" ? wanted : null;
}
