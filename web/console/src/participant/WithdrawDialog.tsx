/** Withdraws a participant: nothing of theirs is deleted, and nothing more is asked of them. */
import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { api, take } from "../api/client";
import { Failure } from "../display/Notice";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import type { Detail } from "./participant";

export function WithdrawDialog({ detail, onClose }: { detail: Detail; onClose: () => void }) {
  const study = useStudy();
  const [reason, setReason] = useState("");
  const { participant_code: code, id } = detail.participant;
  const path = { study_id: study.id, participant_id: id };
  const order = useOrder({
    run: () =>
      take(
        api.POST("/api/studies/{study_id}/participants/{participant_id}/withdraw", {
          params: { path },
          body: { reason: reason.trim() },
        }),
      ),
    topics: ["participants", "visits"],
    quiet: true,
    said: () => ({ title: `${code} is withdrawn`, message: "Results that were given stay and still go to REDCap." }),
  });
  return (
    <Modal opened onClose={onClose} title={`Withdraw ${code}?`}>
      <Stack>
        <Text size="sm">
          This cannot be taken back here, and an event of REDCap does not revive a withdrawn participant. Nothing is
          deleted.
        </Text>
        <Textarea
          label="Reason"
          description="For the audit log; leave out names and health data."
          autosize
          minRows={2}
          data-autofocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {order.error && <Failure error={order.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep {code} in the study
          </Button>
          <Button
            color="red.9"
            loading={order.isPending}
            disabled={reason.trim() === ""}
            onClick={() => order.mutate(undefined, { onSuccess: onClose })}
          >
            Withdraw {code}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
