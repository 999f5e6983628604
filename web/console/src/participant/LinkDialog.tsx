/** A one-time link by which a participant signs in; shown once, because only its hash is kept. */
import { Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import { api, take } from "../api/client";
import { Callout, Failure } from "../display/Notice";
import { When } from "../display/When";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import type { Detail } from "./participant";

export function LinkDialog({ detail, onClose }: { detail: Detail; onClose: () => void }) {
  const study = useStudy();
  const path = { study_id: study.id, participant_id: detail.participant.id };
  const order = useOrder({
    run: () => take(api.POST("/api/studies/{study_id}/participants/{participant_id}/link", { params: { path } })),
    topics: [],
    quiet: true,
  });
  const link = order.data;
  return (
    <Modal opened onClose={onClose} title={`Sign-in link for ${detail.participant.participant_code}`}>
      <Stack>
        <Text size="sm">
          The link opens one session, once. Whoever has it is this participant: hand it over in person or by the channel
          that the study has agreed on.
        </Text>
        {order.error && <Failure error={order.error} />}
        {link && (
          <Callout tone="info">
            <Stack gap="xs">
              <Code block className="breaks">
                {link.url}
              </Code>
              <Text size="sm">
                Valid until <When at={link.expires_at} />. It is shown only now.
              </Text>
            </Stack>
          </Callout>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          {link ? (
            <CopyButton value={link.url}>
              {({ copied, copy }) => <Button onClick={copy}>{copied ? "Copied" : "Copy link"}</Button>}
            </CopyButton>
          ) : (
            <Button loading={order.isPending} onClick={() => order.mutate()}>
              Make a one-time link
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
