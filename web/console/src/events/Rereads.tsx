/** Records whose re-read failed or hangs: a duplicate may have carried an edit that is not known here yet. */
import { List, Text } from "@mantine/core";
import type { Schemas } from "@metricis/api";
import { Callout } from "../display/Notice";
import { When } from "../display/When";

export function Rereads({ rereads }: { rereads: Schemas["RereadShown"][] }) {
  if (rereads.length === 0) return null;
  return (
    <Callout tone="warn">
      <Text size="sm" fw={600}>
        {rereads.length === 1
          ? "A record could not be read again"
          : `${rereads.length} records could not be read again`}
      </Text>
      <List size="sm" spacing={2}>
        {rereads.map((reread) => (
          <List.Item key={reread.record_id}>
            {reread.record_id}: {reread.error ?? "hangs"}
            {reread.claimed_at && (
              <>
                {" "}
                since <When at={reread.claimed_at} />
              </>
            )}
          </List.Item>
        ))}
      </List>
      <Text size="sm">Saving the record in REDCap once more asks again.</Text>
    </Callout>
  );
}
