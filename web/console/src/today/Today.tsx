/** What the day asks: what is wrong first, then what is overdue, due and next. */
import { SimpleGrid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, take } from "../api/client";
import { studyQuery } from "../api/query";
import { Failure, Waiting } from "../display/Notice";
import { Page } from "../display/Page";
import { Day } from "../display/When";
import { dashboardQuery, useStudy } from "../study/study";
import { Remarks } from "./Remarks";
import { Tiles } from "./Tiles";
import { VisitList } from "./VisitList";

export const todayQuery = (id: string) =>
  studyQuery(id, ["participants", "visits", "settings"], ["today"], () =>
    take(api.GET("/api/studies/{study_id}/today", { params: { path: { study_id: id } } })),
  );

export function Today() {
  const study = useStudy();
  const today = useQuery(todayQuery(study.id));
  const dashboard = useQuery(dashboardQuery(study.id));
  const date = today.data?.study_date ?? dashboard.data?.today;
  // Both come from one server: what keeps both away is said once.
  const error = dashboard.error ?? today.error;
  const again = () => void Promise.all([dashboard, today].map((asked) => asked.isError && asked.refetch()));
  return (
    <Page
      title="Today"
      about={
        <>
          {study.name} · {date ? <Day on={date} week /> : "…"}
          {study.detail.time_zone ? ` in ${study.detail.time_zone}` : " in UTC: the study has no time zone yet"}
        </>
      }
    >
      {error && <Failure error={error} onRetry={again} />}
      {(dashboard.data || dashboard.isPending) && <Tiles dashboard={dashboard.data} />}
      {dashboard.data && <Remarks dashboard={dashboard.data} />}
      {today.isPending && <Waiting rows={8} />}
      {today.data && (
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
          <Stack gap="lg" miw={0}>
            <VisitList
              title="Due today"
              state="due"
              listed={today.data.due}
              today={today.data.study_date}
              none="No visit window is open today."
            />
            <VisitList
              title="Overdue"
              state="overdue"
              listed={today.data.overdue}
              today={today.data.study_date}
              none="No visit is overdue."
            />
          </Stack>
          <Stack miw={0}>
            <VisitList
              title="Next seven days"
              state="upcoming"
              listed={today.data.upcoming}
              today={today.data.study_date}
              none="No visit window opens in the next seven days."
            />
          </Stack>
        </SimpleGrid>
      )}
    </Page>
  );
}
