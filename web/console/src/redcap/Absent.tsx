/** A person's word that what REDCap does not list, and its log does not explain, was deleted with the log. */
import { Button, Checkbox, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";

export function Absent({ onOrder }: { onOrder: () => void }) {
  const [sure, setSure] = useState(false);
  return (
    <Stack gap="xs">
      <Text size="sm">
        If they were deleted with their log, nothing in REDCap says so. The reconcile then runs again, and flags as
        deleted every record of a participant that it does not find in REDCap and cannot explain; each flag waits for a
        decision. A record that the token&apos;s user may not see would be flagged as well. When a record was deleted is
        not known then: its flag has the time of the latest line of REDCap&apos;s log.
      </Text>
      <Checkbox
        label="I have looked in REDCap: they were deleted with their log"
        checked={sure}
        onChange={(event) => setSure(event.currentTarget.checked)}
      />
      <Group>
        <Button
          variant="default"
          classNames={{ label: "wraps" }}
          h="auto"
          mih={36}
          py={8}
          disabled={!sure}
          onClick={() => {
            // The outcome goes with its buttons while the next run is under way; the page stays.
            document.querySelector("main")?.focus();
            onOrder();
          }}
        >
          They were deleted with their log: flag them as deleted
        </Button>
      </Group>
    </Stack>
  );
}
