/** What stands where an answer should be: an error with its way out, nothing yet, or a place held while it loads. */
import { Button, Code, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { explain } from "../api/refusal";
import classes from "./Notice.module.css";

interface FailureProps {
  error: unknown;
  /** Asks again; without it there is nothing that asking again would change. */
  onRetry?: () => void;
}

export function Failure({ error, onRetry }: FailureProps) {
  const { title, detail, requestId } = explain(error);
  return (
    <div className={classes["notice"]} data-tone="bad" role="alert">
      <IconAlertTriangle size={20} aria-hidden className={classes["shape"]} />
      <Stack gap={4} flex={1} miw={0}>
        <Text fw={600}>{title}</Text>
        {detail && <Text size="sm">{detail}</Text>}
        {requestId && (
          <Text size="xs">
            Request <Code>{requestId}</Code> finds it in the server's log.
          </Text>
        )}
        {onRetry && (
          <Group mt={4}>
            <Button size="xs" variant="default" leftSection={<IconRefresh size={14} />} onClick={onRetry}>
              Try again
            </Button>
          </Group>
        )}
      </Stack>
    </div>
  );
}

interface EmptyProps {
  title: string;
  /** The heading's level: 3 in a panel, 2 below the page's title, 1 when there is nothing else on the page. */
  level?: 1 | 2 | 3;
  children?: ReactNode;
}

export function Empty({ title, level = 3, children }: EmptyProps) {
  return (
    <div className={classes["empty"]}>
      <Title order={level} size="h3">
        {title}
      </Title>
      {children && (
        <Text size="sm" c="dimmed" maw={560} component="div">
          {children}
        </Text>
      )}
    </div>
  );
}

interface CalloutProps {
  tone: "warn" | "bad" | "info" | "good" | "quiet";
  children: ReactNode;
}

export function Callout({ tone, children }: CalloutProps) {
  return (
    <div className={classes["notice"]} data-tone={tone}>
      <div className={classes["body"]}>{children}</div>
    </div>
  );
}

/** Holds the room of `rows` lines, so that nothing jumps when they arrive. */
export function Waiting({ rows = 6, height = 34 }: { rows?: number; height?: number }) {
  return (
    <output aria-label="Loading" className={classes["waiting"]}>
      <Stack gap={8}>
        {Array.from({ length: rows }, (_, row) => (
          <Skeleton key={row} height={height} radius="sm" />
        ))}
      </Stack>
    </output>
  );
}
