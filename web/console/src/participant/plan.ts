/** The plan of an anchor move, as the server makes it and as a button says it. */
import type { Schemas } from "@metricis/api";

export type AnchorPlan = Schemas["PlanShown"];

/** The version that the plan was made for; it may be applied to that one only, whatever the page has read since. */
export const baseOf = (plan: AnchorPlan): number => plan.next_version_number - 1;

const visits = (n: number, kind = "") => `${n} ${kind}${n === 1 ? "visit" : "visits"}`;

/** All that the move does, in the words of its button. */
export function deed(plan: AnchorPlan): string {
  const { cancelled, created, reconciled, flagged } = plan.counts;
  const parts = [`supersede version ${baseOf(plan)}`];
  if (cancelled > 0) parts.push(`cancel ${visits(cancelled, "pending ")}`);
  if (reconciled > 0) parts.push(`keep ${visits(reconciled, "completed ")}`);
  if (flagged > 0) parts.push(`flag ${visits(flagged, "missed ")}`);
  parts.push(created > 0 ? `create ${created}` : "create none");
  return `Move anchor: ${parts.join(", ")}`;
}
