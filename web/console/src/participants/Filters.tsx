/** The filter that list and matrix share; it stands in the address, so that it can be sent to somebody. */
import { Button, Checkbox, CloseButton, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { words } from "../display/Status";
import { sitesQuery } from "../participant/participant";
import { type ListSearch, listSearch, PARTICIPANT_STATUSES } from "../search";
import { useStudy } from "../study/study";

const STATUSES = PARTICIPANT_STATUSES.map((value) => ({ value, label: words(value) }));

interface Props {
  search: ListSearch;
  onChange: (next: ListSearch) => void;
}

export function Filters({ search, onChange }: Props) {
  const study = useStudy();
  const { data } = useQuery(sitesQuery(study.id));
  const [typed, setTyped] = useState(search.search ?? "");
  const change = (part: { [Name in keyof ListSearch]: ListSearch[Name] | undefined }) =>
    onChange(listSearch({ ...search, page: undefined, ...part }));
  const look = useDebouncedCallback((value: string) => change({ search: value.trim() }), 250);
  const type = (value: string) => {
    setTyped(value);
    look(value);
  };
  const filtered = Boolean(search.search || search.status || search.site || search.review);
  return (
    <Group gap="sm" align="flex-end">
      <TextInput
        label="Search"
        placeholder="Code or REDCap record"
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={typed && <CloseButton size="sm" aria-label="Clear the search" onClick={() => type("")} />}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        w={{ base: "100%", xs: 230 }}
      />
      <Select
        label="Status"
        placeholder="Any"
        clearable
        data={STATUSES}
        value={search.status ?? null}
        onChange={(value) => change({ status: value ?? undefined })}
        w={{ base: "calc(50% - 6px)", xs: 150 }}
      />
      <Select
        label="Site"
        placeholder="Any"
        clearable
        data={data?.sites.map(({ id, code }) => ({ value: id, label: code })) ?? []}
        value={search.site ?? null}
        onChange={(value) => change({ site: value ?? undefined })}
        w={{ base: "calc(50% - 6px)", xs: 150 }}
      />
      <Checkbox
        label="To review only"
        mb={8}
        checked={search.review ?? false}
        onChange={(event) => change({ review: event.currentTarget.checked || undefined })}
      />
      {filtered && (
        <Button
          variant="subtle"
          onClick={() => {
            setTyped("");
            onChange({});
          }}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}
