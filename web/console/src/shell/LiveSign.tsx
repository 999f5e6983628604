/** Says whether the page follows the study, or since when it does not. */
import { IconBroadcast, IconPlugConnectedX } from "@tabler/icons-react";
import type { Liveness } from "../study/live";
import classes from "./Shell.module.css";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function LiveSign({ state }: { state: Liveness }) {
  if (state.live) {
    return (
      <output className={classes["live"]} data-live="true" title="Changes appear by themselves">
        <IconBroadcast size={16} aria-hidden />
        <span className={classes["liveWord"]}>Live</span>
      </output>
    );
  }
  const since = state.since && clock.format(state.since);
  return (
    <output className={classes["live"]} data-live={since ? "false" : "true"}>
      <IconPlugConnectedX size={16} aria-hidden />
      <span className={classes["liveWord"]}>{since ? `Reconnecting since ${since}` : "Connecting"}</span>
    </output>
  );
}
