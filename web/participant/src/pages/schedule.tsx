/** All visits with their windows, in the study's days. */
import { useTranslation } from "react-i18next";
import { Age } from "../parts/banners";
import { Notice } from "../parts/notice";
import { When } from "../parts/when";
import { useNow } from "../portal/now";
import { useSchedule } from "../portal/queries";
import { type Visit, type VisitState, visitState } from "../portal/schedule";
import { dayInWords } from "../words/dates";

export function SchedulePage() {
  const { t } = useTranslation();
  const schedule = useSchedule();
  const reading = schedule.data;
  const now = useNow(reading?.ahead_ms);
  return (
    <>
      <h1>{t("schedule.title")}</h1>
      {schedule.isPending && <p class="loading">{t("app.loading")}</p>}
      {schedule.isError && (
        <Notice kind="alert" title={t("schedule.unread")}>
          <p>{t("schedule.unread_why")}</p>
          <button type="button" class="small" onClick={() => void schedule.refetch()}>
            {t("app.again")}
          </button>
        </Notice>
      )}
      {reading && <Age reading={reading} />}
      {reading && <Visits visits={reading.data.visits} zone={reading.data.time_zone} now={now} />}
    </>
  );
}

function Visits({ visits, zone, now }: { visits: Visit[]; zone: string; now: number }) {
  const { t } = useTranslation();
  if (visits.length === 0) {
    return (
      <section class="card quiet">
        <h2>{t("schedule.empty")}</h2>
        <p>{t("schedule.empty_why")}</p>
      </section>
    );
  }
  return (
    <>
      <ol class="visits">
        {visits.map((visit) => (
          <VisitRow key={visit.visit_id} visit={visit} now={now} />
        ))}
      </ol>
      <p class="hint">{t("schedule.zone", { zone })}</p>
    </>
  );
}

function VisitRow({ visit, now }: { visit: Visit; now: number }) {
  const { t, i18n } = useTranslation();
  const state = visitState(visit, now);
  const day = (date: string) => dayInWords(date, i18n.language);
  const window =
    visit.window_start === visit.window_end
      ? t("schedule.only")
      : t("schedule.window", { from: day(visit.window_start), to: day(visit.window_end) });
  return (
    <li class={`visit visit-${state}`}>
      <Mark state={state} />
      <h2>{visit.label}</h2>
      <span class="visit-state">{t(`schedule.${state}`)}</span>
      <div class="visit-days">
        <p>
          <When at={visit.opens_at} text={t("schedule.on", { when: day(visit.target_date) })} />
        </p>
        <p class="hint">{window}</p>
      </div>
    </li>
  );
}

const MARKS: Record<VisitState, string> = {
  done: "m5 12.5 4.5 4.5L19 7.5",
  open: "M8 5.5v13l11-6.5z",
  coming: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16m0 4v4l3 2",
  missed: "m6 6 12 12M18 6 6 18",
  over: "M5 12h14",
  cancelled: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M6.5 6.5l11 11",
};

function Mark({ state }: { state: VisitState }) {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
      <path d={MARKS[state]} />
    </svg>
  );
}
