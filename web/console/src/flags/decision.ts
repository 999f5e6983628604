/** The decision that stands open over a page, as a step of the window's history. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useStep } from "../display/step";
import { type Decision, decisionOf } from "../search";

export interface Deciding {
  decision: Decision;
  open: (flag: string, how: NonNullable<Decision["how"]>) => void;
  close: () => void;
}

export function useDecision(): Deciding {
  const decision = decisionOf(useSearch({ strict: false }));
  const navigate = useNavigate();
  const step = useStep();
  const go = (next: Decision, replace: boolean) =>
    void navigate({
      to: ".",
      search: (before) => ({ ...before, flag: next.flag, how: next.how }),
      replace,
      resetScroll: false,
    });
  return {
    decision,
    open: (wanted, chosen) => go({ flag: wanted, how: chosen }, step.replaces(decision.flag !== undefined)),
    close: () => step.close(() => go({}, true)),
  };
}
