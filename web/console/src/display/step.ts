/** What opens over a page is a step of the window's history: "back" closes it, and closing it leaves no step behind. */
import { useRouter } from "@tanstack/react-router";
import { useRef } from "react";

interface Step {
  /** Whether the address is replaced: it is while something stands open already. */
  replaces: (isOpen: boolean) => boolean;
  /** Goes the step back; `otherwise` closes what an address or a reload has opened. */
  close: (otherwise: () => void) => void;
}

export function useStep(): Step {
  const { history } = useRouter();
  const taken = useRef(false);
  return {
    replaces: (isOpen) => {
      if (!isOpen) taken.current = true;
      return isOpen;
    },
    close: (otherwise) => {
      const back = taken.current;
      taken.current = false;
      if (back) history.back();
      else otherwise();
    },
  };
}
