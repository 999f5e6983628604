/** Why REDCap refused a result, field by field when its message names fields. */
import { List, Text } from "@mantine/core";

export interface FieldReason {
  field: string;
  reason: string;
}

/** Reads `… record R-04, field rt_mean_ms: why; record R-04, field …: why`; nothing when the message says otherwise. */
export function fieldReasons(message: string): FieldReason[] {
  const parts = message.matchAll(/record [^,]+, field ([^:]+): (.*?)(?=; record [^,]+, field |$)/gs);
  return [...parts].map(([, field, reason]) => ({ field: field ?? "", reason: reason ?? "" }));
}

export function Reasons({ message }: { message: string }) {
  const fields = fieldReasons(message);
  if (fields.length === 0) return <Text size="sm">{message}</Text>;
  return (
    <List size="sm" spacing={2}>
      {fields.map(({ field, reason }) => (
        <List.Item key={field}>
          <b>{field}</b>: {reason}
        </List.Item>
      ))}
    </List>
  );
}
