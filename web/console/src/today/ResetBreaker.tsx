/** Closes the breaker by hand, after saying what that does. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { api, take } from "../api/client";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";

export function ResetBreaker() {
  const study = useStudy();
  const [open, { open: show, close }] = useDisclosure(false);
  const order = useOrder({
    run: () => take(api.POST("/api/studies/{study_id}/breaker/reset", { params: { path: { study_id: study.id } } })),
    topics: ["breaker", "sessions"],
    said: () => ({
      title: "Breaker closed",
      message: "The next call goes to REDCap. Failed syncs wait for your re-sync.",
    }),
  });
  return (
    <>
      <Button size="xs" onClick={show}>
        Reset breaker
      </Button>
      <Modal opened={open} onClose={close} title="Reset the circuit breaker?" centered>
        <Stack>
          <Text size="sm">
            REDCap failed several times in a row, so calls to it are held back. If you know that it is back, close the
            breaker now; otherwise it asks REDCap by itself after its cooldown. Your reset stands in the audit log.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Leave it open
            </Button>
            <Button loading={order.isPending} onClick={() => order.mutate(undefined, { onSuccess: close })}>
              Close the breaker and call REDCap again
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
