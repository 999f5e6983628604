/** A dialog that is made when it opens gives the focus back to where it was. */
import { useEffect, useState } from "react";

export function useFocusBack(): void {
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      requestAnimationFrame(() => {
        if (opener instanceof HTMLElement && opener.isConnected && !document.querySelector("[role=dialog]"))
          opener.focus();
      });
    },
    [opener],
  );
}
