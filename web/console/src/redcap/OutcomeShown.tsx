/** What came of a call of REDCap, beside the button that ordered it. */
import { List, Text } from "@mantine/core";
import { Callout } from "../display/Notice";
import type { Outcome } from "./outcome";

export function OutcomeShown({ outcome: { tone, title, lines } }: { outcome: Outcome }) {
  return (
    <Callout tone={tone}>
      <Text fw={600}>{title}</Text>
      {lines.length === 1 && <Text size="sm">{lines[0]}</Text>}
      {lines.length > 1 && (
        <List size="sm" spacing={2}>
          {lines.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      )}
    </Callout>
  );
}
