/** The frame of an operation: what is wanted, the preview, the order in words that say all it does, and what came of it. */
import { Button, Checkbox, Group, List, Stack, Text, Title } from "@mantine/core";
import { type ComponentType, type ReactNode, useState } from "react";
import { Callout } from "../display/Notice";
import { Panel } from "../display/Page";
import classes from "./Project.module.css";
import type { Operation, Outcome } from "./operation";

interface Props<Wish, Shown> {
  id: string;
  title: string;
  about: string;
  operation: Operation<Wish, Shown>;
  /** What is wanted, or undefined while the form does not say. */
  wish: Wish | undefined;
  /** The form. */
  children: ReactNode;
  view: ComponentType<{ preview: Shown }>;
  /** All that the order does, or null when there is nothing to do. */
  deed: (preview: Shown) => string | null;
  /** What it destroys, which a person has to tick. */
  loss?: (preview: Shown) => string | null;
  /** What was done. */
  done: (shown: Shown) => string;
}

export function Frame<Wish, Shown extends Outcome>(props: Props<Wish, Shown>) {
  const { id, title, about, operation, wish, children, done } = props;
  const { preview, refused, overtaken } = operation;
  return (
    <Panel id={id} title={title} about={about}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (wish !== undefined) operation.look(wish);
        }}
      >
        <Stack>
          {children}
          <Group>
            <Button
              type="submit"
              variant={preview ? "default" : "filled"}
              loading={operation.isLooking}
              disabled={wish === undefined || operation.isOrdering}
            >
              {preview || overtaken ? "Preview again" : "Preview"}
            </Button>
          </Group>
          {refused && (
            <Callout tone="bad">
              <div role="alert">
                <Text fw={600}>{refused.title}</Text>
                <Text size="sm">{refused.detail}</Text>
                {overtaken && <Text size="sm">Only a new preview leads on: look at it, then decide anew.</Text>}
              </div>
            </Callout>
          )}
          {operation.done && (
            <Callout tone="good">
              <Text fw={600}>{done(operation.done)}</Text>
              <Text size="sm">Who ordered it, and with which preview, stands in the audit log.</Text>
            </Callout>
          )}
          {preview && <Previewed key={preview.digest} {...props} preview={preview} />}
        </Stack>
      </form>
    </Panel>
  );
}

function Previewed<Wish, Shown extends Outcome>(props: Props<Wish, Shown> & { preview: Shown }) {
  const { preview, operation, view: View, deed, loss, title } = props;
  const [read, setRead] = useState(false);
  const refusals = preview.refusals ?? [];
  const warnings = preview.warnings ?? [];
  const lost = loss?.(preview) ?? null;
  const does = refusals.length === 0 ? deed(preview) : null;
  return (
    <section className={classes["preview"]} aria-label={`Preview: ${title}`}>
      <Title order={3}>The preview</Title>
      {refusals.length > 0 && <Reasons tone="bad" title="This must not be done" reasons={refusals} />}
      {warnings.length > 0 && <Reasons tone="warn" title="To know before" reasons={warnings} />}
      {refusals.length === 0 ? (
        <View preview={preview} />
      ) : (
        <details>
          <summary>What it would have changed</summary>
          <div className={classes["folded"]}>
            <View preview={preview} />
          </div>
        </details>
      )}
      {does === null && refusals.length === 0 && <Text size="sm">There is nothing to do.</Text>}
      {does !== null && lost && (
        <Callout tone="bad">
          <Stack gap="xs">
            <Text size="sm" fw={600}>
              {lost} REDCap cannot undo this.
            </Text>
            <Checkbox
              label="I have read what goes, and it may go"
              checked={read}
              onChange={(event) => setRead(event.currentTarget.checked)}
            />
          </Stack>
        </Callout>
      )}
      {does !== null && (
        <Group>
          <Button
            classNames={{ label: "wraps" }}
            h="auto"
            mih={36}
            py={8}
            {...(lost && { color: "red.9" })}
            disabled={lost !== null && !read}
            loading={operation.isOrdering}
            onClick={operation.order}
          >
            {does}
          </Button>
        </Group>
      )}
    </section>
  );
}

function Reasons({ tone, title, reasons }: { tone: "bad" | "warn"; title: string; reasons: string[] }) {
  return (
    <Callout tone={tone}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <List size="sm" spacing={2}>
        {reasons.map((reason) => (
          <List.Item key={reason}>{reason}</List.Item>
        ))}
      </List>
    </Callout>
  );
}
