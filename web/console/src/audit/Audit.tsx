/** The study's audit log: browsed, filtered, and verified from its first row to its last. */
import { Button, Group } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useContext } from "react";
import type { AuditFilter } from "../api/shown";
import { Empty, Failure, Waiting } from "../display/Notice";
import { Page, Panel } from "../display/Page";
import { nextDay, startOfDay, StudyZone } from "../display/When";
import { type AuditSearch, auditSearch } from "../search";
import { useStudy } from "../study/study";
import { type AuditRow, auditQuery } from "./audit";
import { AuditFilters } from "./AuditFilters";
import { AuditTable } from "./AuditTable";
import { Verify } from "./Verify";

const PAGE = 50;

export function Audit() {
  const search = useSearch({ from: "/studies/$study/audit" });
  const navigate = useNavigate({ from: "/studies/$study/audit" });
  const listed = useRows(search);
  const rows = listed.data?.pages.flat();
  const change = (part: { [Name in keyof AuditSearch]: AuditSearch[Name] | undefined }) =>
    void navigate({ search: auditSearch({ ...search, ...part }), replace: true });
  return (
    <Page
      title="Audit"
      about="Every change of the study, chained by hashes: a changed, removed or inserted row is found by verifying."
    >
      <Verify />
      <AuditFilters search={search} onChange={change} />
      <Panel title="Newest first">
        {listed.isPending && <Waiting rows={10} />}
        {listed.error && <Failure error={listed.error} onRetry={() => void listed.refetch()} />}
        {rows?.length === 0 && <Empty title="No row fits this filter">Clear a part of it to see more.</Empty>}
        {rows && rows.length > 0 && <AuditTable rows={rows} open={search.row} onOpen={(row) => change({ row })} />}
        {listed.hasNextPage && (
          <Group justify="center" mt="md">
            <Button variant="default" loading={listed.isFetchingNextPage} onClick={() => void listed.fetchNextPage()}>
              Show older rows
            </Button>
          </Group>
        )}
      </Panel>
    </Page>
  );
}

function useRows({ row: _row, from, to, ...rest }: AuditSearch) {
  const study = useStudy();
  const zone = useContext(StudyZone);
  const filter: AuditFilter = {
    ...rest,
    ...(from && { from: startOfDay(from, zone) }),
    ...(to && { to: startOfDay(nextDay(to), zone) }),
    limit: PAGE,
  };
  const { queryKey, meta } = auditQuery(study.id, filter);
  return useInfiniteQuery({
    queryKey: [...queryKey, "pages"],
    meta: meta ?? {},
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam, client }): Promise<AuditRow[]> => {
      const asked = auditQuery(study.id, { ...filter, ...(pageParam && { before: pageParam }) });
      return (await client.fetchQuery({ ...asked, staleTime: 0 })).rows;
    },
    getNextPageParam: (last) => (last.length === PAGE ? last.at(-1)?.id : undefined),
  });
}
