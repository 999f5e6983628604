/** The state of a result: a shape, a color and words, each enough by itself. */
import { useTranslation } from "react-i18next";
import type { Entry } from "../outbox/entry";

export type State = "saved" | "sent" | "received" | "failed" | "refused";

export function stateOf({ state, sync_status }: Pick<Entry, "state" | "sync_status">): State {
  if (state !== "sent") return state;
  if (sync_status === "synced") return "received";
  return sync_status === "failed" ? "failed" : "sent";
}

const SHAPES: Record<State, string> = {
  saved: "M7 3h10a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2m3 15h4",
  sent: "M12 20V5m-6 6 6-6 6 6",
  received: "m5 12.5 4.5 4.5L19 7.5",
  failed: "M12 4 2.8 19.5h18.4zm0 6v4m0 2.6v.1",
  refused: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 4.5V13m0 3v.1",
};

export function Sign({ state }: { state: State }) {
  const { t } = useTranslation();
  return (
    <span class={`sign sign-${state}`}>
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <path d={SHAPES[state]} />
      </svg>
      {t(`result.${state}`)}
    </span>
  );
}
