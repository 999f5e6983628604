/** What the pages read of the server, with how often. */
import type { Schemas } from "@metricis/api";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { entriesOf, noteReceipts } from "../outbox/outbox";
import { useApp, useKept, useSession } from "../session/app";
import * as api from "./api";
import { isSoonNews, isUnderWay, receipts } from "./receipts";
import { type Reading, readThrough } from "./read";

const SOON_MS = 5_000;
const LATER_MS = 60_000;

function useReading<T>(
  name: string,
  ask: (token: string) => Promise<api.Said<T>>,
  every: (reading: Reading<T> | undefined) => number,
  noted?: () => Promise<void>,
): UseQueryResult<Reading<T>> {
  const { device, signal } = useApp();
  const session = useSession();
  return useQuery({
    queryKey: [name, session.owner],
    queryFn: async () => {
      const reading = await readThrough(device, session, name, ask, signal.tell);
      if (reading.from === "server") await noted?.();
      return reading;
    },
    refetchInterval: ({ state }) => every(state.data as Reading<T> | undefined),
  });
}

export function useTasks(): UseQueryResult<Reading<Schemas["TaskList"]>> {
  return useReading("tasks", api.readTasks, () => LATER_MS);
}

export function useSchedule(): UseQueryResult<Reading<Schemas["OwnSchedule"]>> {
  return useReading("schedule", api.readSchedule, () => LATER_MS);
}

/** Asked more often while a result is on its way; tells the results on this device whether they have arrived. */
export function useDataStatus(): UseQueryResult<Reading<Schemas["DataStatusShown"]>> {
  const { device, signal } = useApp();
  const { owner, token } = useSession();
  const entries = useKept(`entries ${owner}`, (kept) => entriesOf(kept, owner)) ?? [];
  return useReading(
    "data-status",
    api.readDataStatus,
    (reading) => (isSoonNews(reading?.data, entries) ? SOON_MS : LATER_MS),
    async () => {
      if (!(await entriesOf(device, owner)).some(isUnderWay)) return;
      const sent = await api.readSent(token);
      if (sent.kind === "ok" && (await noteReceipts(device, owner, receipts(sent.data)))) signal.tell();
    },
  );
}
