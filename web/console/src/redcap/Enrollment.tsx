/** Which form enrolls, and which of REDCap's fields say who is enrolled and when. */
import { Button, NativeSelect, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { Callout, Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { useStudy } from "../study/study";
import { mappingOf, type Pair, Pairs, pairsOf } from "./Pairs";
import type { RedcapShown } from "./redcap";
import { useSettings } from "./settings";

const TARGETS = ["participant_code", "enrollment_date", "arm", "time_zone"];

export function Enrollment({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const [instrument, setInstrument] = useState(redcap.enrollment_instrument ?? "");
  const [anchor, setAnchor] = useState(redcap.anchor_date_field ?? "");
  const [recordId, setRecordId] = useState(redcap.record_id_field);
  const [pairs, setPairs] = useState<Pair[]>(() => pairsOf(redcap.participant_field_mapping ?? {}));
  const mapping = mappingOf(pairs);
  const save = useSettings("Enrollment fields saved");
  const order = () => {
    if (typeof mapping === "string") return;
    save.mutate({
      record_id_field: recordId,
      ...(anchor.trim() && { anchor_date_field: anchor.trim() }),
      ...(instrument.trim() && { enrollment_instrument: instrument.trim() }),
      // An empty mapping is not the default: without rows nothing is said unless rows were there before.
      ...((redcap.participant_field_mapping || pairs.length > 0) && { participant_field_mapping: mapping }),
    });
  };
  const locked = !study.mayAdminister;
  return (
    <Panel id="enrollment" title="Enrollment fields" about="Read when the enrollment form is saved as complete.">
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TextInput
            label="Enrollment instrument"
            value={instrument}
            disabled={locked}
            onChange={(event) => setInstrument(event.currentTarget.value)}
          />
          <TextInput
            label="Anchor date field"
            value={anchor}
            disabled={locked}
            onChange={(event) => setAnchor(event.currentTarget.value)}
          />
          <NativeSelect
            label="REDCap's record id is"
            value={recordId}
            disabled={locked}
            onChange={(event) =>
              setRecordId(event.currentTarget.value === "external_id" ? "external_id" : "participant_code")
            }
            data={[
              { value: "participant_code", label: "the participant's code" },
              { value: "external_id", label: "only REDCap's own id" },
            ]}
          />
        </SimpleGrid>
        <div>
          <Text size="sm" fw={600}>
            Fields of a participant
          </Text>
          <Text size="xs" c="dimmed" mb={6}>
            {redcap.participant_field_mapping
              ? "REDCap's field, then what it is here."
              : "None set: the default applies."}
          </Text>
          <Pairs
            pairs={pairs}
            onChange={setPairs}
            fromLabel="REDCap field"
            toLabel="Participant's field"
            targets={TARGETS}
            disabled={locked}
          />
        </div>
        {typeof mapping === "string" && (
          <Callout tone="warn">
            <Text size="sm">{mapping}.</Text>
          </Callout>
        )}
        {save.error && <Failure error={save.error} />}
        {!locked && (
          <Button w="fit-content" loading={save.isPending} disabled={typeof mapping === "string"} onClick={order}>
            Save enrollment fields
          </Button>
        )}
      </Stack>
    </Panel>
  );
}
