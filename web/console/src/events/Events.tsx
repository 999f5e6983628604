/** REDCap's events: found by state, source and record; what failed or hangs is replayed by a person. */
import { Button, CloseButton, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Empty, Failure, Waiting } from "../display/Notice";
import { Page, Panel } from "../display/Page";
import { useStep } from "../display/step";
import { EVENT_FILTERS, type EventSearch, eventSearch } from "../search";
import { useStudy } from "../study/study";
import { EventDrawer } from "./EventDrawer";
import { type Event, eventsQuery, PAGE, stuckQuery } from "./events";
import { EventTable } from "./EventTable";
import { Mirror } from "./Mirror";
import { Rereads } from "./Rereads";

export function Events() {
  const search = useSearch({ from: "/studies/$study/events" });
  const navigate = useNavigate({ from: "/studies/$study/events" });
  const change = (part: { [Name in keyof EventSearch]: EventSearch[Name] | undefined }) =>
    void navigate({ search: eventSearch({ ...search, ...part }), replace: true });
  const study = useStudy();
  const stuck = useQuery(stuckQuery(study.id));
  const stuckIds = new Set(stuck.data?.events.map(({ id }) => id));
  const listed = useListed(search, stuck.data?.events);
  const step = useStep();
  const open = (event: string) =>
    void navigate({ search: eventSearch({ ...search, event }), replace: step.replaces(search.event !== undefined) });
  const close = () => step.close(() => change({ event: undefined }));
  return (
    <Page
      title="Events"
      about="What REDCap announced (a form was saved) or a reconcile found, and what came of it. Forms are shown without secrets."
    >
      <Filters search={search} onChange={change} />
      <Mirror />
      {stuck.data && <Rereads rereads={stuck.data.rereads} />}
      <Panel title={search.status === "attention" ? "Failed or stuck" : "Newest first"}>
        {listed.isPending && <Waiting rows={8} />}
        {listed.error && <Failure error={listed.error} onRetry={listed.again} />}
        {listed.events?.length === 0 && <Nothing search={search} />}
        {listed.events && listed.events.length > 0 && (
          <EventTable events={listed.events} stuck={stuckIds} onOpen={open} />
        )}
        {listed.more && (
          <Group justify="center" mt="md">
            <Button variant="default" loading={listed.isFetchingMore} onClick={listed.more}>
              Show older events
            </Button>
          </Group>
        )}
      </Panel>
      {search.event && <EventDrawer id={search.event} stuck={stuckIds} onOpen={open} onClose={close} />}
    </Page>
  );
}

interface Listed {
  events: Event[] | undefined;
  isPending: boolean;
  error: Error | null;
  again: () => void;
  more: (() => void) | null;
  isFetchingMore: boolean;
}

/** The list that the address asks for; what wants attention is the failed ones with the stuck ones before them. */
function useListed({ status, source, q }: EventSearch, stuck: Event[] | undefined): Listed {
  const study = useStudy();
  const attention = status === "attention";
  const filter = {
    ...(status && { status: attention ? "failed" : status }),
    ...(source && { source }),
    ...(q && { q }),
  };
  const { queryKey, meta } = eventsQuery(study.id, filter);
  const pages = useInfiniteQuery({
    queryKey: [...queryKey, "pages"],
    meta: meta ?? {},
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, client }) =>
      client.fetchQuery({
        ...eventsQuery(study.id, { ...filter, ...(pageParam && { before: pageParam }) }),
        staleTime: 0,
      }),
    getNextPageParam: (last) => (last.length === PAGE ? last.at(-1)?.id : undefined),
  });
  const events = pages.data?.pages.flat();
  return {
    events: attention && events ? [...(stuck ?? []).filter((event) => fits(event, source, q)), ...events] : events,
    isPending: pages.isPending,
    error: pages.error,
    again: () => void pages.refetch(),
    more: pages.hasNextPage ? () => void pages.fetchNextPage() : null,
    isFetchingMore: pages.isFetchingNextPage,
  };
}

/** The server's filter, for the stuck ones, which it gives unfiltered. */
export function fits({ source, record_id, instrument }: Event, wanted?: string, part?: string): boolean {
  const holds = (text: string) => text.toLowerCase().includes((part ?? "").toLowerCase());
  return (!wanted || source === wanted) && (holds(record_id) || holds(instrument));
}

const STATES: Record<(typeof EVENT_FILTERS)[number], string> = {
  attention: "Failed or stuck",
  received: "Received",
  processing: "Processing",
  processed: "Processed",
  failed: "Failed",
  duplicate: "Duplicate",
};

interface FiltersProps {
  search: EventSearch;
  onChange: (part: { [Name in keyof EventSearch]: EventSearch[Name] | undefined }) => void;
}

function Filters({ search, onChange }: FiltersProps) {
  const [typed, setTyped] = useState(search.q ?? "");
  const look = useDebouncedCallback((value: string) => onChange({ q: value.trim() }), 250);
  const type = (value: string) => {
    setTyped(value);
    look(value);
  };
  return (
    <Group gap="sm" align="flex-end">
      <TextInput
        label="Search"
        placeholder="Record or instrument"
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={typed && <CloseButton size="sm" aria-label="Clear the search" onClick={() => type("")} />}
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        w={{ base: "100%", xs: 230 }}
      />
      <Select
        label="State"
        placeholder="Any"
        clearable
        data={EVENT_FILTERS.map((value) => ({ value, label: STATES[value] }))}
        value={search.status ?? null}
        onChange={(value) => onChange({ status: (value ?? undefined) as EventSearch["status"] })}
        w={{ base: "calc(50% - 6px)", xs: 160 }}
      />
      <Select
        label="Source"
        placeholder="Any"
        clearable
        data={[
          { value: "redcap_det", label: "REDCap's trigger" },
          { value: "reconcile", label: "Reconcile" },
        ]}
        value={search.source ?? null}
        onChange={(value) => onChange({ source: (value ?? undefined) as EventSearch["source"] })}
        w={{ base: "calc(50% - 6px)", xs: 160 }}
      />
      {(search.q || search.status || search.source) && (
        <Button
          variant="subtle"
          onClick={() => {
            setTyped("");
            onChange({ q: undefined, status: undefined, source: undefined });
          }}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}

function Nothing({ search }: { search: EventSearch }) {
  if (search.status === "attention" && !search.source && !search.q)
    return <Empty title="Nothing failed, nothing hangs">Every event was applied or is about to be.</Empty>;
  if (search.status || search.source || search.q)
    return <Empty title="No event fits this filter">Change it, or clear it to see all events.</Empty>;
  return (
    <Empty title="No event has arrived yet">
      REDCap sends one for each saved form once its Data Entry Trigger has the address from the REDCap page. Save a form
      there and look here again.
    </Empty>
  );
}
