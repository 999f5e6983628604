/** Edits a mapping as rows of two; an empty row says nothing, a half one is pointed out. */
import { ActionIcon, Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { IconArrowRight, IconPlus, IconTrash } from "@tabler/icons-react";

export interface Pair {
  id: number;
  from: string;
  to: string;
}

export const pairsOf = (mapping: Record<string, string>): Pair[] =>
  Object.entries(mapping).map(([from, to], id) => ({ id, from, to }));

/** The mapping, or what keeps the rows from being one. */
export function mappingOf(pairs: readonly Pair[]): Record<string, string> | string {
  const full = pairs.filter(({ from, to }) => from.trim() || to.trim());
  const half = full.find(({ from, to }) => !from.trim() || !to.trim());
  if (half) return `“${half.from.trim() || half.to.trim()}” has no counterpart: fill in its row or remove it`;
  const names = full.map(({ from }) => from.trim());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice) return `“${twice}” stands twice`;
  return Object.fromEntries(full.map(({ from, to }) => [from.trim(), to.trim()]));
}

interface Props {
  pairs: readonly Pair[];
  onChange: (pairs: Pair[]) => void;
  fromLabel: string;
  toLabel: string;
  /** The only words that the right side may be. */
  targets?: readonly string[];
  disabled: boolean;
}

export function Pairs({ pairs, onChange, fromLabel, toLabel, targets, disabled }: Props) {
  const change = (id: number, part: Partial<Pair>) =>
    onChange(pairs.map((pair) => (pair.id === id ? { ...pair, ...part } : pair)));
  const next = Math.max(-1, ...pairs.map(({ id }) => id)) + 1;
  return (
    <Stack gap={6}>
      {pairs.map(({ id, from, to }) => (
        <Group key={id} gap={6} wrap="nowrap">
          <TextInput
            flex={1}
            miw={0}
            aria-label={fromLabel}
            placeholder={fromLabel}
            value={from}
            disabled={disabled}
            onChange={(event) => change(id, { from: event.currentTarget.value })}
          />
          <IconArrowRight size={16} aria-hidden />
          {targets ? (
            <NativeSelect
              flex={1}
              miw={0}
              aria-label={toLabel}
              value={to}
              disabled={disabled}
              data={["", ...new Set([...targets, to].filter(Boolean))]}
              onChange={(event) => change(id, { to: event.currentTarget.value })}
            />
          ) : (
            <TextInput
              flex={1}
              miw={0}
              aria-label={toLabel}
              placeholder={toLabel}
              value={to}
              disabled={disabled}
              onChange={(event) => change(id, { to: event.currentTarget.value })}
            />
          )}
          {!disabled && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={`Remove the row ${from || to || "without content"}`}
              onClick={() => onChange(pairs.filter((pair) => pair.id !== id))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          )}
        </Group>
      ))}
      {!disabled && (
        <Button
          variant="subtle"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...pairs, { id: next, from: "", to: "" }])}
        >
          Add a field
        </Button>
      )}
    </Stack>
  );
}
