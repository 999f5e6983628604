/** A decision on a flag: what happened, what the decision does, and the reason that stands in the audit log. */
import { Button, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { Failure } from "../display/Notice";
import { effect, type Flag, happened, type How, REASON, useResolve, wordsOf } from "./flags";

interface Props {
  flag: Flag;
  how: How;
  onClose: () => void;
  /** The flag is decided on, and its row is gone. */
  onDone: () => void;
}

export function Resolve({ flag, how, onClose, onDone }: Props) {
  const [reason, setReason] = useState("");
  const order = useResolve(flag, how, onDone);
  const wanted = reason.trim();
  const { ask, order: deed } = wordsOf(flag, how);
  return (
    <Modal opened onClose={onClose} title={ask}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted) order.mutate(wanted);
        }}
      >
        <Stack>
          <Text size="sm">{happened(flag)}</Text>
          <Text size="sm">{effect(flag, how)}</Text>
          <Textarea
            label="Reason"
            description="For the audit log; leave out names and health data."
            autosize
            minRows={2}
            maxLength={REASON}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {order.error && <Failure error={order.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Leave it open
            </Button>
            <Button
              type="submit"
              classNames={{ label: "wraps" }}
              h="auto"
              mih={36}
              py={6}
              loading={order.isPending}
              disabled={!wanted}
            >
              {deed}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
