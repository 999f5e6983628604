/** What stands above everything: a failed sync in the checklist's words, no line, others' work. Never an estimate. */
import { useTranslation } from "react-i18next";
import { countOfOthers } from "../outbox/outbox";
import { useDataStatus, type useTasks } from "../portal/queries";
import { useKept, useSession } from "../session/app";
import { Notice } from "./notice";
import { useMoment } from "./when";

/** The checklist's sentence, §9.1, as the server sends it. */
export const FAILED_SYNC = "Your responses were saved on this device. The study team has been notified.";

export function Banners({ tasks }: { tasks: ReturnType<typeof useTasks> }) {
  const { t } = useTranslation();
  const { owner } = useSession();
  const moment = useMoment();
  const others = useKept(`others ${owner}`, (device) => countOfOthers(device, owner));
  const old = tasks.data && !tasks.data.fresh ? moment(tasks.data.read_at) : null;
  return (
    <>
      <DataStatus />
      {old && <Notice kind="warning">{t(navigator.onLine ? "banner.unread" : "banner.offline", { when: old })}</Notice>}
      {!!others && <Notice kind="info">{t("banner.others", { count: others })}</Notice>}
    </>
  );
}

function DataStatus() {
  const { t } = useTranslation();
  const status = useDataStatus().data?.data;
  if (!status) return null;
  const { banner, stale } = status;
  if (banner) {
    // The server's words; in the participant's language where it is the sentence that we know.
    return <Notice kind="alert">{banner === FAILED_SYNC ? t("banner.failed") : banner}</Notice>;
  }
  return stale ? <Notice kind="warning">{t("banner.stale")}</Notice> : null;
}
