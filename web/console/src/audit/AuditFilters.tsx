/** What of the audit log is shown; it stands in the address. */
import { Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { words } from "../display/Status";
import type { AuditSearch } from "../search";
import { useStudy } from "../study/study";
import { membersQuery } from "./audit";

const OBJECTS = ["study", "participant", "session", "webhook_event", "site", "user"];

type Part = { [Name in keyof AuditSearch]: AuditSearch[Name] | undefined };

export function AuditFilters({ search, onChange }: { search: AuditSearch; onChange: (part: Part) => void }) {
  const study = useStudy();
  const { data } = useQuery(membersQuery(study.id));
  const [action, setAction] = useState(search.action ?? "");
  const look = useDebouncedCallback((value: string) => onChange({ action: asAction(value) }), 300);
  const type = (value: string) => {
    setAction(value);
    look(value);
  };
  const clear = () => {
    setAction("");
    onChange({
      action: undefined,
      object_kind: undefined,
      object_id: undefined,
      actor: undefined,
      from: undefined,
      to: undefined,
      row: undefined,
    });
  };
  const { row: _row, ...filter } = search;
  return (
    <Group gap="sm" align="flex-end">
      <TextInput
        label="Action"
        placeholder="move anchor"
        value={action}
        onChange={(event) => type(event.currentTarget.value)}
        w={{ base: "100%", xs: 170 }}
      />
      <Select
        label="About a"
        placeholder="Anything"
        clearable
        data={OBJECTS.map((value) => ({ value, label: words(value) }))}
        value={search.object_kind ?? null}
        onChange={(value) => onChange({ object_kind: value ?? undefined })}
        w={{ base: "calc(50% - 6px)", xs: 150 }}
      />
      <Select
        label="By"
        placeholder="Anybody"
        clearable
        searchable
        data={data?.members.map(({ user_id, email }) => ({ value: user_id, label: email })) ?? []}
        value={search.actor ?? null}
        onChange={(value) => onChange({ actor: value ?? undefined })}
        w={{ base: "calc(50% - 6px)", xs: 220 }}
      />
      <TextInput
        type="date"
        label="From"
        value={search.from ?? ""}
        onChange={(event) => onChange({ from: event.currentTarget.value })}
        w={{ base: "calc(50% - 6px)", xs: 150 }}
      />
      <TextInput
        type="date"
        label="To"
        value={search.to ?? ""}
        onChange={(event) => onChange({ to: event.currentTarget.value })}
        w={{ base: "calc(50% - 6px)", xs: 150 }}
      />
      {Object.keys(filter).length > 0 && (
        <Button variant="subtle" onClick={clear}>
          Clear
        </Button>
      )}
    </Group>
  );
}

/** An action as people write it, in the log's spelling. */
export const asAction = (typed: string) => typed.trim().toLowerCase().replaceAll(/\s+/g, "_");
