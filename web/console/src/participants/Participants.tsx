/** The participants of a study: found, filtered, and taken along as a spreadsheet. */
import { Button, Group, Pagination, Stack, Table, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Navigate, useNavigate, useSearch } from "@tanstack/react-router";
import type { ParticipantPage } from "../api/shown";
import { AnchorLink, ButtonLink } from "../display/links";
import { Empty, Failure, Waiting } from "../display/Notice";
import { Page, Panel, Wide } from "../display/Page";
import { Status } from "../display/Status";
import { Day } from "../display/When";
import { flagWords, sitesQuery } from "../participant/participant";
import { NO_RECORD, recordOf } from "../participant/record";
import { useStudy } from "../study/study";
import { Filters } from "./Filters";
import { csvAddress, filterOf, listQuery, PAGE } from "./participants";

export function Participants() {
  const study = useStudy();
  const search = useSearch({ from: "/studies/$study/participants" });
  const navigate = useNavigate({ from: "/studies/$study/participants" });
  const page = search.page ?? 1;
  const asked = useQuery(listQuery(study.id, { ...filterOf(search), offset: (page - 1) * PAGE, limit: PAGE }));
  const pages = Math.ceil((asked.data?.total ?? 0) / PAGE);
  const beyond = asked.data !== undefined && !asked.isPlaceholderData && pages > 0 && page > pages;
  if (beyond) return <Navigate from="/studies/$study/participants" search={{ ...search, page: pages }} replace />;
  return (
    <Page
      title="Participants"
      actions={
        <>
          <ButtonLink variant="default" to="/studies/$study/matrix" params={{ study: study.code }} search={search}>
            As a visit matrix
          </ButtonLink>
          <Button
            component="a"
            variant="default"
            href={csvAddress(study.id, "participants", search)}
            download
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            CSV
          </Button>
        </>
      }
    >
      <Filters search={search} onChange={(next) => void navigate({ search: next, replace: true })} />
      <Panel
        title={
          asked.data ? `${asked.data.total} ${asked.data.total === 1 ? "participant" : "participants"}` : "Participants"
        }
      >
        {asked.isPending && <Waiting rows={10} />}
        {asked.isError && <Failure error={asked.error} onRetry={() => void asked.refetch()} />}
        {asked.data && <Listed page={asked.data} filtered={Object.keys(filterOf(search)).length > 0} />}
        {pages > 1 && (
          <Group justify="center" mt="md">
            <Pagination
              total={pages}
              value={page}
              onChange={(next) => void navigate({ search: { ...search, page: next } })}
              getItemProps={(at) => ({ "aria-label": `Page ${at}` })}
              getControlProps={(control) => ({ "aria-label": `${control} page` })}
            />
          </Group>
        )}
      </Panel>
    </Page>
  );
}

function Listed({ page, filtered }: { page: ParticipantPage; filtered: boolean }) {
  const study = useStudy();
  const { data } = useQuery(sitesQuery(study.id));
  if (page.participants.length === 0) return <Nobody filtered={filtered} />;
  const site = (id: string | null | undefined) => data?.sites.find((known) => known.id === id)?.code ?? "–";
  return (
    <Wide label="Participants" stacks>
      <Table verticalSpacing={6} highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Code</Table.Th>
            <Table.Th>REDCap record</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Site</Table.Th>
            <Table.Th>Enrolled</Table.Th>
            <Table.Th>Arm</Table.Th>
            <Table.Th>To review</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {page.participants.map((participant) => (
            <Table.Tr key={participant.id}>
              <Table.Td data-label="Code">
                <AnchorLink
                  size="sm"
                  to="/studies/$study/participants/$participant"
                  params={{ study: study.code, participant: participant.id }}
                >
                  {participant.participant_code}
                </AnchorLink>
              </Table.Td>
              <Table.Td data-label="REDCap record">{recordOf(participant) ?? NO_RECORD}</Table.Td>
              <Table.Td data-label="Status">
                <Status of={participant.status} />
              </Table.Td>
              <Table.Td data-label="Site">{site(participant.site_id)}</Table.Td>
              <Table.Td data-label="Enrolled">
                <Day on={participant.enrollment_date} />
              </Table.Td>
              <Table.Td data-label="Arm">{participant.arm_num}</Table.Td>
              <Table.Td data-label="To review" data-none={!participant.review}>
                {participant.review ? flagWords(participant.review) : "–"}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

/** Why a list is empty, and what to do. */
export function Nobody({ filtered, level = 3 }: { filtered: boolean; level?: 2 | 3 }) {
  const study = useStudy();
  if (filtered)
    return (
      <Empty level={level} title="Nobody fits this filter">
        Change it, or clear it to see everybody.
      </Empty>
    );
  return (
    <Empty level={level} title="No participants yet">
      <Stack gap={4}>
        <Text size="sm">
          A participant appears here when the enrollment form is saved as complete in REDCap. If one was saved and
          nobody is here, its event says why.
        </Text>
        <AnchorLink size="sm" to="/studies/$study/events" params={{ study: study.code }}>
          Look at the events
        </AnchorLink>
      </Stack>
    </Empty>
  );
}
