/** Says when the breaker would refuse a re-sync, before somebody orders one. */
import { Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Callout } from "../display/Notice";
import { dashboardQuery, useStudy } from "../study/study";
import { ResetBreaker } from "../today/ResetBreaker";
import { BreakerWords } from "../today/Tiles";

export function BreakerNote() {
  const study = useStudy();
  const { data } = useQuery(dashboardQuery(study.id));
  const breaker = data?.breaker;
  if (!breaker || breaker.state === "closed") return null;
  return (
    <Callout tone="bad">
      <Group justify="space-between">
        <Text size="sm" flex={1} miw={220}>
          The circuit breaker is {breaker.state === "open" ? "open" : "probing"}.{" "}
          <BreakerWords breaker={breaker} enabled={data?.breaker_enabled ?? true} /> A re-sync may end as “not sent”.
        </Text>
        {study.mayAdminister && <ResetBreaker />}
      </Group>
    </Callout>
  );
}
