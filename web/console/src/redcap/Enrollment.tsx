/** Which form enrolls, and which of REDCap's fields say who is enrolled and when. */
import { Button, NativeSelect, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { Callout, Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { useStudy } from "../study/study";
import { useDraft } from "./draft";
import {
  type EnrollmentDraft,
  type EnrollmentFaults,
  enrollmentBody,
  enrollmentFaults,
  enrollmentForm,
} from "./enrollment";
import { Overtaken } from "./Overtaken";
import { Pairs } from "./Pairs";
import type { RedcapShown } from "./redcap";
import { useSettings } from "./settings";

const TARGETS = ["participant_code", "enrollment_date", "arm", "time_zone"];

const RECORD_IDS = [
  { value: "participant_code", label: "the participant's code" },
  { value: "external_id", label: "only REDCap's own id" },
] as const;

export function Enrollment({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const { read, draft, edited, overtaken, edit, takeTheirs } = useDraft(redcap, enrollmentForm);
  const save = useSettings("Enrollment fields saved");
  const faults = enrollmentFaults(read, draft);
  const locked = !study.mayAdminister;
  const faulty = Object.keys(faults).length > 0;
  return (
    <Panel id="enrollment" title="Enrollment fields" about="Read when the enrollment form is saved as complete.">
      <Stack>
        <Fields draft={draft} faults={faults} locked={locked} edit={edit} />
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
            pairs={draft.pairs}
            onChange={(pairs) => edit({ ...draft, pairs })}
            fromLabel="REDCap field"
            toLabel="Participant's field"
            targets={TARGETS}
            disabled={locked}
          />
        </div>
        {faults.pairs && (
          <Callout tone="warn">
            <Text size="sm">{faults.pairs}.</Text>
          </Callout>
        )}
        {overtaken && <Overtaken onTakeTheirs={takeTheirs} />}
        {save.error && <Failure error={save.error} />}
        {!locked && (
          <Button
            w="fit-content"
            loading={save.isPending}
            disabled={!edited || overtaken || faulty}
            onClick={() => save.mutate(enrollmentBody(read, draft))}
          >
            Save enrollment fields
          </Button>
        )}
      </Stack>
    </Panel>
  );
}

interface FieldsProps {
  draft: EnrollmentDraft;
  faults: EnrollmentFaults;
  locked: boolean;
  edit: (draft: EnrollmentDraft) => void;
}

function Fields({ draft, faults, locked, edit }: FieldsProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }}>
      <TextInput
        label="Enrollment instrument"
        value={draft.instrument}
        error={faults.instrument}
        disabled={locked}
        onChange={(event) => edit({ ...draft, instrument: event.currentTarget.value })}
      />
      <TextInput
        label="Anchor date field"
        value={draft.anchor}
        error={faults.anchor}
        disabled={locked}
        onChange={(event) => edit({ ...draft, anchor: event.currentTarget.value })}
      />
      <NativeSelect
        label="REDCap's record id is"
        value={draft.recordId}
        disabled={locked}
        onChange={(event) => {
          const chosen = RECORD_IDS.find(({ value }) => value === event.currentTarget.value);
          if (chosen) edit({ ...draft, recordId: chosen.value });
        }}
        data={[...RECORD_IDS]}
      />
    </SimpleGrid>
  );
}
