/** Where the results of each task go: an instrument, and a REDCap field for each value. */
import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { Callout, Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { words } from "../display/Status";
import { useStudy } from "../study/study";
import { mappingOf, type Pair, Pairs, pairsOf } from "./Pairs";
import type { RedcapShown } from "./redcap";
import { type TaskMapping, useSettings } from "./settings";

interface TaskRows {
  task: string;
  instrument: string;
  pairs: Pair[];
}

const rowsOf = (mapping: Record<string, TaskMapping>): TaskRows[] =>
  Object.entries(mapping).map(([task, { instrument, fields }]) => ({ task, instrument, pairs: pairsOf(fields) }));

/** The mapping to save, or what keeps it from being saved. */
export function taskMapping(rows: readonly TaskRows[]): Record<string, TaskMapping> | string {
  const made: Record<string, TaskMapping> = {};
  for (const { task, instrument, pairs } of rows) {
    const fields = mappingOf(pairs);
    if (typeof fields === "string") return `${words(task)}: ${fields}`;
    if (!instrument.trim()) return `${words(task)}: name the instrument`;
    made[task] = { instrument: instrument.trim(), fields };
  }
  return made;
}

export function ResultMapping({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const [rows, setRows] = useState(() => rowsOf(redcap.redcap_field_mapping));
  const [added, setAdded] = useState("");
  const save = useSettings("Result fields saved");
  const mapping = taskMapping(rows);
  const locked = !study.mayAdminister;
  const change = (task: string, part: Partial<TaskRows>) =>
    setRows(rows.map((row) => (row.task === task ? { ...row, ...part } : row)));
  const name = added.trim();
  const add = () => {
    setRows([...rows, { task: name, instrument: name, pairs: [] }]);
    setAdded("");
  };
  return (
    <Panel id="results" title="Result fields" about="Values that are not named here are kept here and not sent.">
      <Stack>
        {rows.length === 0 && (
          <Text size="sm" c="dimmed">
            No task sends its results to REDCap yet.
          </Text>
        )}
        {rows.map((row) => (
          <section key={row.task} aria-label={words(row.task)}>
            <Group justify="space-between" mb={6}>
              <Title order={3}>{words(row.task)}</Title>
              {!locked && (
                <Button
                  variant="subtle"
                  size="xs"
                  onClick={() => setRows(rows.filter(({ task }) => task !== row.task))}
                >
                  Remove {words(row.task).toLowerCase()}
                </Button>
              )}
            </Group>
            <TextInput
              label="Instrument"
              maw={360}
              mb={8}
              value={row.instrument}
              disabled={locked}
              onChange={(event) => change(row.task, { instrument: event.currentTarget.value })}
            />
            <Pairs
              pairs={row.pairs}
              onChange={(pairs) => change(row.task, { pairs })}
              fromLabel="Value of the result"
              toLabel="REDCap field"
              disabled={locked}
            />
          </section>
        ))}
        {typeof mapping === "string" && (
          <Callout tone="warn">
            <Text size="sm">{mapping}.</Text>
          </Callout>
        )}
        {save.error && <Failure error={save.error} />}
        {!locked && (
          <Group align="flex-end">
            <Button
              loading={save.isPending}
              disabled={typeof mapping === "string"}
              onClick={() => typeof mapping !== "string" && save.mutate({ redcap_field_mapping: mapping })}
            >
              Save result fields
            </Button>
            <TextInput
              label="Another task"
              placeholder="reaction_time"
              value={added}
              onChange={(event) => setAdded(event.currentTarget.value)}
            />
            <Button variant="default" disabled={!name || rows.some(({ task }) => task === name)} onClick={add}>
              Add task
            </Button>
          </Group>
        )}
      </Stack>
    </Panel>
  );
}
