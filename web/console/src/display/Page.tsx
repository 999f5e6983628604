/** The frame of a page: its title (also the window's), what it is for, its actions, and panels below. */
import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { useStudy } from "../study/study";
import classes from "./Page.module.css";

interface PageProps {
  title: string;
  /** What the window's title says when the page's own is more than text. */
  heading?: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, heading, about, actions, children }: PageProps) {
  const { code } = useStudy();
  useEffect(() => {
    document.title = `${title} · ${code} · Metricis`;
  }, [title, code]);
  return (
    <Stack gap="lg" className={classes["page"]}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1}>{heading ?? title}</Title>
          {about && (
            <Text c="dimmed" size="sm" maw={720} component="div">
              {about}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

interface PanelProps {
  title: ReactNode;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  id?: string;
}

export function Panel({ title, about, actions, children, id }: PanelProps) {
  return (
    <section className={classes["panel"]} id={id}>
      <Group justify="space-between" align="flex-start" gap="xs" className={classes["head"]}>
        <div>
          <Title order={2}>{title}</Title>
          {about && (
            <Text c="dimmed" size="sm" component="div">
              {about}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      <div className={classes["content"]}>{children}</div>
    </section>
  );
}

interface WideProps {
  label: string;
  /** On a narrow window each row becomes a card of its cells, each cell with its `data-label`. */
  stacks?: boolean;
  children: ReactNode;
}

/** A table that scrolls by itself, reachable by keyboard, when the window is narrower than it. */
export function Wide({ label, stacks = false, children }: WideProps) {
  return (
    // A region that scrolls must take the focus, or the keyboard cannot scroll it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className={classes[stacks ? "stacks" : "wide"]} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
