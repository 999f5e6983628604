/** Says over the page that it may be out of date, once the stream of changes has been lost for a moment. */
import { Text } from "@mantine/core";
import { useContext, useEffect, useState } from "react";
import { Callout } from "../display/Notice";
import { StudyZone, timeOfDay } from "../display/When";
import type { Liveness } from "../study/live";
import classes from "./Shell.module.css";

/** A stream that is found again within this time needs no words. */
const PATIENCE_MS = 3000;

export function Stale({ state }: { state: Liveness }) {
  const zone = useContext(StudyZone);
  const since = state.live ? null : state.since;
  const [told, setTold] = useState<Date | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setTold(since), since ? PATIENCE_MS : 0);
    return () => clearTimeout(timer);
  }, [since]);
  return (
    <output className={classes["stale"]}>
      {told && since && (
        <Callout tone="warn">
          <Text size="sm">
            The server has not been heard since {timeOfDay(since, zone)}. What you see may be out of date; this page
            asks again by itself.
          </Text>
        </Callout>
      )}
    </output>
  );
}
