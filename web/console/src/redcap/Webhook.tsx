/** The webhook secret and the address for REDCap's Data Entry Trigger. A secret is shown once: when it is made here. */
import { Button, Code, CopyButton, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { api, take } from "../api/client";
import { useFocusBack } from "../display/focus";
import { Callout, Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { Status } from "../display/Status";
import { useOrder } from "../study/order";
import { useStudy } from "../study/study";
import type { RedcapShown } from "./redcap";
import { makeSecret, triggerAddress } from "./secret";

export function Webhook({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const [asking, { open, close }] = useDisclosure(false);
  const [fresh, setFresh] = useState<string | null>(null);
  const address = fresh ? triggerAddress(redcap.det_url_template, fresh) : redcap.det_url_template;
  return (
    <Panel
      id="webhook"
      title="Webhook"
      about="REDCap calls this address when a form is saved. It holds the secret: whoever has it can announce events."
      actions={
        <Status of={redcap.has_webhook_secret ? "synced" : "failed"}>
          {redcap.has_webhook_secret ? "Secret stored" : "No secret"}
        </Status>
      }
    >
      <Stack>
        <div>
          <Text size="sm" fw={600}>
            Data Entry Trigger address
          </Text>
          <Group gap="xs" align="flex-start">
            <Code block className="breaks" flex={1}>
              {address}
            </Code>
            <CopyButton value={address}>
              {({ copied, copy }) => (
                <Button variant="default" size="xs" onClick={copy}>
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Group>
          <Text size="xs" c="dimmed">
            {fresh
              ? "With its secret, shown only now. Enter it in REDCap: Project Setup, Additional customizations, Data Entry Trigger."
              : "Put the secret in the place of WEBHOOK_SECRET. The stored secret is not shown; set a new one to get the complete address."}
          </Text>
        </div>
        {study.mayAdminister && (
          <Group>
            <Button variant={redcap.has_webhook_secret ? "default" : "filled"} onClick={open}>
              {redcap.has_webhook_secret ? "Set a new secret" : "Set the secret"}
            </Button>
          </Group>
        )}
        {redcap.former_webhook_secret_live && <Former />}
      </Stack>
      {asking && <NewSecret replaces={redcap.has_webhook_secret} onClose={close} onSet={setFresh} />}
    </Panel>
  );
}

interface NewSecretProps {
  replaces: boolean;
  onClose: () => void;
  onSet: (secret: string) => void;
}

function NewSecret({ replaces, onClose, onSet }: NewSecretProps) {
  const study = useStudy();
  const [secret, setSecret] = useState(makeSecret);
  useFocusBack();
  const order = useOrder({
    run: () =>
      take(
        api.PUT("/api/studies/{study_id}/redcap/webhook-secret", {
          params: { path: { study_id: study.id } },
          body: { secret },
        }),
      ),
    topics: ["redcap", "board"],
    quiet: true,
    said: () => ({ title: "Webhook secret set", message: "Copy the complete address now." }),
  });
  const done = () => {
    onSet(secret);
    onClose();
  };
  return (
    <Modal opened onClose={onClose} title={replaces ? "Set a new webhook secret" : "Set the webhook secret"}>
      <Stack>
        <Text size="sm">
          {replaces
            ? "The present secret stays valid beside the new one until you retire it, so that REDCap can be changed without losing an event."
            : "It has been made here from 256 random bits; you can enter another one."}
        </Text>
        <PasswordInput
          label="Secret"
          description="At least 32 visible ASCII characters."
          autoComplete="off"
          value={secret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
        {order.error && <Failure error={order.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button loading={order.isPending} onClick={() => order.mutate(undefined, { onSuccess: done })}>
            {replaces ? "Set it and keep the former one for now" : "Set this secret"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Two secrets are valid; the former one goes when REDCap has the new address. */
function Former() {
  const study = useStudy();
  const order = useOrder({
    run: () =>
      take(
        api.DELETE("/api/studies/{study_id}/redcap/webhook-secret/previous", {
          params: { path: { study_id: study.id } },
        }),
      ),
    topics: ["redcap", "board"],
    said: () => ({ title: "Former secret retired", message: "Only the present secret is accepted." }),
  });
  return (
    <Callout tone="warn">
      <Group justify="space-between">
        <Text size="sm" flex={1} miw={220}>
          The former secret is still accepted. Retire it once REDCap has the new address.
        </Text>
        {study.mayAdminister && (
          <Button size="xs" variant="default" loading={order.isPending} onClick={() => order.mutate()}>
            Retire the former secret
          </Button>
        )}
      </Group>
    </Callout>
  );
}
