/** A participant's open flags at the head of their page; nothing when there is none. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Callout } from "../display/Notice";
import { dashboardQuery, useStudy } from "../study/study";
import { useDecision } from "./decision";
import { flagsQuery } from "./flags";
import { FlagTable } from "./FlagTable";

export function ParticipantFlags({ participant }: { participant: string }) {
  const study = useStudy();
  const counted = useQuery(dashboardQuery(study.id)).data?.open_flags ?? 0;
  const { data } = useQuery({ ...flagsQuery(study.id, false), enabled: counted > 0 });
  const flags = data?.flags.filter((flag) => flag.participant_id === participant) ?? [];
  const { decision } = useDecision();
  const [deciding, setDeciding] = useState(false);
  // While the last of them is being decided on, its dialog stays.
  const open = decision.flag !== undefined && (deciding || flags.length > 0);
  if (open !== deciding) setDeciding(open);
  if (flags.length === 0 && !open) return null;
  return (
    <Callout tone="bad">
      <Text fw={600}>
        {flags.length < 2 ? "Something happened to this record in REDCap" : "Several things happened to this record"}: a
        decision is needed
      </Text>
      <FlagTable flags={flags} label="Flags of this participant" ofOne />
    </Callout>
  );
}
