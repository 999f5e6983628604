/** Says whether the page follows the study, or since when it does not. */
import { IconBroadcast, IconPlugConnectedX } from "@tabler/icons-react";
import { useContext } from "react";
import { StudyZone, timeOfDay } from "../display/When";
import type { Liveness } from "../study/live";
import classes from "./Shell.module.css";

export function LiveSign({ state }: { state: Liveness }) {
  const zone = useContext(StudyZone);
  if (state.live) {
    return (
      <output className={classes["live"]} data-live="true" title="Changes appear by themselves">
        <IconBroadcast size={16} aria-hidden />
        <span className={classes["liveWord"]}>Live</span>
      </output>
    );
  }
  const since = state.since && timeOfDay(state.since, zone);
  return (
    <output className={classes["live"]} data-live={since ? "false" : "true"}>
      <IconPlugConnectedX size={16} aria-hidden />
      {since ? (
        <span>
          <span className={classes["long"]}>Reconnecting </span>since {since}
        </span>
      ) : (
        <span className={classes["liveWord"]}>Connecting</span>
      )}
    </output>
  );
}
