/** How far what REDCap did not announce is known: the last reconcile, and the flags that it raised. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { AnchorLink } from "../display/links";
import { When } from "../display/When";
import { dashboardQuery, useStudy } from "../study/study";

export function Mirror() {
  const study = useStudy();
  const { data } = useQuery(dashboardQuery(study.id));
  if (!data) return null;
  const { open_flags: open, reconciled_at: at } = data;
  return (
    <Text size="sm" c="dimmed" component="div">
      What REDCap did not announce is found by a{" "}
      <AnchorLink
        size="sm"
        underline="always"
        to="/studies/$study/redcap"
        params={{ study: study.code }}
        hash="reconcile"
      >
        reconcile
      </AnchorLink>
      {at ? (
        <>
          ; the last one that accounted for every record ended <When at={at} />.{" "}
        </>
      ) : (
        "; none has accounted for every record yet. "
      )}
      {open > 0 && (
        <AnchorLink size="sm" underline="always" to="/studies/$study/flags" params={{ study: study.code }}>
          {open === 1 ? "1 flag waits for a decision" : `${open} flags wait for a decision`}
        </AnchorLink>
      )}
    </Text>
  );
}
