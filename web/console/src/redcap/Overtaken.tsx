/** Somebody else has changed the settings that are being edited: theirs are not written over unseen. */
import { Button, Group, Text } from "@mantine/core";
import { Callout } from "../display/Notice";

export function Overtaken({ onTakeTheirs }: { onTakeTheirs: () => void }) {
  return (
    <Callout tone="warn">
      <Group justify="space-between">
        <Text size="sm" flex={1} miw={220}>
          Somebody else has changed these fields since you began. Yours are not saved: look at theirs, then make your
          change again.
        </Text>
        <Button size="xs" variant="default" onClick={onTakeTheirs}>
          Show theirs and drop mine
        </Button>
      </Group>
    </Callout>
  );
}
