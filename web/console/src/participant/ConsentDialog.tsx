/** Records that a participant has consented, which opens the gate to visits and messages. */
import { Button, Group, Modal, NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../api/client";
import { Failure } from "../display/Notice";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import type { Detail } from "./participant";

const MODES = [
  { value: "manual", label: "Manual: signed on paper" },
  { value: "digital", label: "Digital: given in the participant's app" },
  { value: "waived", label: "Waived" },
  { value: "implied", label: "Implied" },
] as const;

type Mode = (typeof MODES)[number]["value"];

/** What recording a consent has made. */
export function madeWords(visits: number): string {
  if (visits === 0) return "No visit was waiting for it.";
  return visits === 1 ? "1 visit was made." : `${visits} visits were made.`;
}

export function ConsentDialog({ detail, onClose }: { detail: Detail; onClose: () => void }) {
  const study = useStudy();
  const [mode, setMode] = useState<Mode>("manual");
  const path = { study_id: study.id, participant_id: detail.participant.id };
  const order = useOrder({
    run: () =>
      take(
        api.POST("/api/studies/{study_id}/participants/{participant_id}/consent", { params: { path }, body: { mode } }),
      ),
    topics: ["participants", "visits"],
    quiet: true,
    said: ({ visits }) => ({
      title: "Consent recorded",
      message: madeWords(visits),
    }),
  });
  return (
    <Modal opened onClose={onClose} title={`Record the consent of ${detail.participant.participant_code}`}>
      <Stack>
        <Text size="sm">Recording it makes the visits that wait for consent. It stands in the audit log.</Text>
        <NativeSelect
          label="How it was given"
          data={[...MODES]}
          value={mode}
          onChange={(event) => setMode(event.currentTarget.value as Mode)}
        />
        {order.error && <Failure error={order.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button loading={order.isPending} onClick={() => order.mutate(undefined, { onSuccess: onClose })}>
            Record consent and make the visits
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
