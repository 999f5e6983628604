/** A plan before it is applied: what stays, what is cancelled, what is made, each with its dates. */
import { List, Table, Text, Title } from "@mantine/core";
import { Wide } from "../display/Page";
import { Status } from "../display/Status";
import { Day, day, daysBetween, Span } from "../display/When";
import { type Detail, flagWords, type Visit } from "./participant";
import classes from "./PlanShown.module.css";
import { type AnchorPlan, baseOf } from "./plan";

export function PlanShown({ plan, detail }: { plan: AnchorPlan; detail: Detail }) {
  const shift = daysBetween(plan.from, plan.to);
  const visit = (id: string) => detail.visits.find((known) => known.id === id);
  return (
    <section className={classes["plan"]} aria-label="Plan">
      <Title order={3}>The plan</Title>
      <Text size="sm">
        {day(plan.from)} → {day(plan.to)}, {Math.abs(shift)} {Math.abs(shift) === 1 ? "day" : "days"}{" "}
        {shift < 0 ? "earlier" : "later"}. Version {baseOf(plan)} becomes superseded, version {plan.next_version_number}{" "}
        current.
      </Text>
      <Kept plan={plan} visit={visit} />
      <Wide label="Visits of the plan" stacks>
        <Table verticalSpacing={4}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Visit</Table.Th>
              <Table.Th>Until now</Table.Th>
              <Table.Th>New target</Table.Th>
              <Table.Th>New window</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines(plan, detail.visits).map(({ key, label, before, after }) => (
              <Table.Tr key={key}>
                <Table.Td data-label="Visit">{label}</Table.Td>
                <Table.Td data-label="Until now">
                  {before ? (
                    <>
                      <Day on={before.scheduled_date} /> <Status of="cancelled">becomes cancelled</Status>
                    </>
                  ) : (
                    "–"
                  )}
                </Table.Td>
                <Table.Td data-label="New target">{after ? <Day on={after.target} /> : "no new visit"}</Table.Td>
                <Table.Td data-label="New window" data-none={!after}>
                  {after && <Span from={after.window_start} to={after.window_end} />}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </section>
  );
}

/** Visits that the plan leaves in place, with what it writes beside them. */
function Kept({ plan, visit }: { plan: AnchorPlan; visit: (id: string) => Visit | undefined }) {
  if (plan.reconcile.length + plan.flag_missed.length + plan.left_missed.length === 0) return null;
  return (
    <List size="sm" spacing={2}>
      {plan.reconcile.map(({ visit: id, original_target_date: target }) => (
        <List.Item key={id}>
          {visit(id)?.label ?? "A visit"} stays completed, with its target {day(target)} kept
          {plan.review.includes(id) ? `; flagged: ${flagWords("anchor_moved").toLowerCase()}` : ""}.
        </List.Item>
      ))}
      {plan.flag_missed.map((id) => (
        <List.Item key={id}>{visit(id)?.label ?? "A visit"} stays missed and is flagged.</List.Item>
      ))}
      {plan.left_missed.length > 0 && (
        <List.Item>
          {plan.left_missed.length} missed {plan.left_missed.length === 1 ? "visit gets" : "visits get"} no new one: its
          window would have ended already.
        </List.Item>
      )}
    </List>
  );
}

interface Line {
  key: string;
  label: string;
  before: Visit | undefined;
  after: AnchorPlan["create"][number] | undefined;
}

/** One line per visit that is cancelled, made, or both. */
export function lines(plan: AnchorPlan, visits: readonly Visit[]): Line[] {
  const cancelled = visits.filter(({ id }) => plan.cancel.includes(id));
  const made: Line[] = plan.create.map((after) => {
    const before = cancelled.find((visit) => visit.event_name === after.event_name);
    const named = visits.find((visit) => visit.event_name === after.event_name);
    return { key: after.window, label: named?.label ?? after.event_name, before, after };
  });
  const gone = cancelled.filter((visit) => !plan.create.some(({ event_name }) => event_name === visit.event_name));
  return [...gone.map((before) => ({ key: before.id, label: before.label, before, after: undefined })), ...made];
}
