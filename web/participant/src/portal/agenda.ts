/** Puts tasks in the order in which a person does them. Pure. */
import type { Schemas } from "@metricis/api";
import type { Entry } from "../outbox/entry";

export type Task = Schemas["Task"];

export interface Agenda {
  next: Task | null;
  after: Task[];
  later: Task[];
  /** Surveys that REDCap calls complete. */
  answered: Task[];
}

/** What this device has done already is done, whether or not the server knows it yet. */
export function agendaOf(tasks: readonly Task[], entries: readonly Entry[], now: number): Agenda {
  const finished = (task: Task) =>
    task.done || entries.some((entry) => entry.visit_id === (task.visit_id ?? null) && entry.task === task.task);
  const over = (task: Task) => !!task.closes_at && Date.parse(task.closes_at) <= now;
  const left = tasks.filter((task) => !finished(task) && !over(task)).toSorted(byClosing);
  const open = left.filter((task) => isOpen(task, now));
  const [next = null, ...after] = open;
  const answered = tasks.filter((task) => task.kind === "survey" && task.done);
  return { next, after, later: left.filter((task) => !isOpen(task, now)).toSorted(byOpening), answered };
}

/** Where a survey stands: `far` when there is a link, and what this device has read does not hold it yet. */
export function surveyState(task: Task): "done" | "open" | "far" | "waiting" {
  if (task.done) return "done";
  if (task.link && /^https?:\/\//i.test(task.link)) return "open";
  return task.link_ready ? "far" : "waiting";
}

/** `open` was true when it was read; without a line the window decides. */
export function isOpen(task: Task, now: number): boolean {
  return task.open || (!!task.opens_at && Date.parse(task.opens_at) <= now);
}

function byClosing(a: Task, b: Task): number {
  // Consent comes first: nothing else happens without it.
  return moment(a.closes_at, 0) - moment(b.closes_at, 0);
}

function byOpening(a: Task, b: Task): number {
  return moment(a.opens_at, Infinity) - moment(b.opens_at, Infinity);
}

function moment(at: string | null | undefined, without: number): number {
  return at ? Date.parse(at) : without;
}
