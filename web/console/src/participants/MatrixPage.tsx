/** Every participant by every visit at a glance; each cell leads to its visit. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ButtonLink } from "../display/links";
import { Failure, Waiting } from "../display/Notice";
import { Page } from "../display/Page";
import { useStudy } from "../study/study";
import { Filters } from "./Filters";
import { Matrix } from "./Matrix";
import { csvAddress, filterOf, MATRIX_PAGE, matrixQuery } from "./participants";
import { Nobody } from "./Participants";

export function MatrixPage() {
  const study = useStudy();
  const search = useSearch({ from: "/studies/$study/matrix" });
  const navigate = useNavigate({ from: "/studies/$study/matrix" });
  const filter = filterOf(search);
  const first = useQuery(matrixQuery(study.id, { ...filter, offset: 0, limit: MATRIX_PAGE }));
  return (
    <Page
      title="Visit matrix"
      about={
        first.data && `${first.data.total.toLocaleString("en")} participants by ${first.data.windows.length} visits`
      }
      actions={
        <>
          <ButtonLink
            variant="default"
            to="/studies/$study/participants"
            params={{ study: study.code }}
            search={search}
          >
            As a list
          </ButtonLink>
          <Button
            component="a"
            variant="default"
            href={csvAddress(study.id, "visits", search)}
            download
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            CSV of visits
          </Button>
        </>
      }
    >
      <Filters search={search} onChange={(next) => void navigate({ search: next, replace: true })} />
      {first.isPending && <Waiting rows={14} height={32} />}
      {first.isError && <Failure error={first.error} onRetry={() => void first.refetch()} />}
      {first.data?.total === 0 && <Nobody level={2} filtered={Object.keys(filter).length > 0} />}
      {first.data && first.data.total > 0 && (
        <Matrix key={JSON.stringify(filter)} filter={filter} total={first.data.total} windows={first.data.windows} />
      )}
    </Page>
  );
}
