/** What stands above everything: a failed sync in the checklist's words, no line, others' work. Never an estimate. */
import { useTranslation } from "react-i18next";
import { countOfOthers } from "../outbox/outbox";
import { useDataStatus, type useTasks } from "../portal/queries";
import type { Reading } from "../portal/read";
import { useKept, useSession } from "../session/app";
import { Notice } from "./notice";
import { useMoment } from "./when";

/** The checklist's sentence, §9.1, as the server sends it. */
export const FAILED_SYNC = "Your responses were saved on this device. The study team has been notified.";

export function Banners({ tasks }: { tasks: ReturnType<typeof useTasks> }) {
  const { t } = useTranslation();
  const { owner } = useSession();
  const reading = tasks.data;
  const others = useKept(`others ${owner}`, (device) => countOfOthers(device, owner));
  return (
    <>
      <DataStatus />
      {reading && <Age reading={reading} />}
      {!!others && <Notice kind="info">{t("banner.others", { count: others })}</Notice>}
    </>
  );
}

/** How old what is shown is, when it is. */
export function Age({ reading }: { reading: Pick<Reading<unknown>, "read_at" | "from"> }) {
  const { t } = useTranslation();
  const when = useMoment()(reading.read_at);
  if (reading.from === "server") return null;
  return <Notice kind="warning">{t(reading.from === "refused" ? "banner.unread" : "banner.offline", { when })}</Notice>;
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
