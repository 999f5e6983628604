/** Where the results of each task go: an instrument, and a REDCap field for each value. */
import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { Callout, Failure } from "../display/Notice";
import { Panel } from "../display/Page";
import { words } from "../display/Status";
import { useStudy } from "../study/study";
import { useDraft } from "./draft";
import { Overtaken } from "./Overtaken";
import { Pairs } from "./Pairs";
import type { RedcapShown } from "./redcap";
import { resultsBody, resultsForm, taskMapping, type TaskRows } from "./results";
import { useSettings } from "./settings";

export function ResultMapping({ redcap }: { redcap: RedcapShown }) {
  const study = useStudy();
  const { read, draft: rows, edited, overtaken, edit, takeTheirs } = useDraft(redcap, resultsForm);
  const save = useSettings("Result fields saved");
  const mapping = taskMapping(rows);
  const locked = !study.mayAdminister;
  return (
    <Panel id="results" title="Result fields" about="Values that are not named here are kept here and not sent.">
      <Stack>
        {rows.length === 0 && (
          <Text size="sm" c="dimmed">
            No task sends its results to REDCap yet.
          </Text>
        )}
        {rows.map((row) => (
          <Task
            key={row.task}
            row={row}
            locked={locked}
            onChange={(next) => edit(rows.map((known) => (known.task === row.task ? next : known)))}
            onRemove={() => edit(rows.filter(({ task }) => task !== row.task))}
          />
        ))}
        {typeof mapping === "string" && (
          <Callout tone="warn">
            <Text size="sm">{mapping}.</Text>
          </Callout>
        )}
        {overtaken && <Overtaken onTakeTheirs={takeTheirs} />}
        {save.error && <Failure error={save.error} />}
        {!locked && (
          <Group align="flex-end">
            <Button
              loading={save.isPending}
              disabled={!edited || overtaken || typeof mapping === "string"}
              onClick={() => typeof mapping !== "string" && save.mutate(resultsBody(read, mapping))}
            >
              Save result fields
            </Button>
            <AddTask rows={rows} onAdd={(task) => edit([...rows, { task, instrument: task, pairs: [] }])} />
          </Group>
        )}
      </Stack>
    </Panel>
  );
}

interface TaskProps {
  row: TaskRows;
  locked: boolean;
  onChange: (row: TaskRows) => void;
  onRemove: () => void;
}

function Task({ row, locked, onChange, onRemove }: TaskProps) {
  return (
    <section aria-label={words(row.task)}>
      <Group justify="space-between" mb={6}>
        <Title order={3}>{words(row.task)}</Title>
        {!locked && (
          <Button variant="subtle" size="xs" onClick={onRemove}>
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
        onChange={(event) => onChange({ ...row, instrument: event.currentTarget.value })}
      />
      <Pairs
        pairs={row.pairs}
        onChange={(pairs) => onChange({ ...row, pairs })}
        fromLabel="Value of the result"
        toLabel="REDCap field"
        disabled={locked}
      />
    </section>
  );
}

function AddTask({ rows, onAdd }: { rows: readonly TaskRows[]; onAdd: (task: string) => void }) {
  const [typed, setTyped] = useState("");
  const name = typed.trim();
  const add = () => {
    onAdd(name);
    setTyped("");
  };
  return (
    <>
      <TextInput
        label="Another task"
        placeholder="reaction_time"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button variant="default" disabled={!name || rows.some(({ task }) => task === name)} onClick={add}>
        Add task
      </Button>
    </>
  );
}
