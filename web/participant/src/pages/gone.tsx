/** After signing out: what is gone here, and whether the server knows it. Says no more than is known. */
import { useEffect, useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import type { Farewell } from "../session/leave";
import { Notice } from "../parts/notice";
import { momentInWords } from "../words/dates";

export function Gone({ farewell }: { farewell: Farewell }) {
  const { t, i18n } = useTranslation();
  const [server, setServer] = useState<"telling" | "told" | "untold">("telling");
  useEffect(() => void farewell.told.then((told) => setServer(told ? "told" : "untold")), [farewell]);
  const when = farewell.ends_at === null ? null : momentInWords(new Date(farewell.ends_at), i18n.language, undefined);
  return (
    <section>
      <h1>{t("leave.gone")}</h1>
      <p>{t("leave.gone_why")}</p>
      {server === "telling" && <p class="loading">{t("leave.telling")}</p>}
      {server === "told" && <Notice kind="info">{t("leave.told")}</Notice>}
      {server === "untold" && (
        <Notice kind="warning">{when ? t("leave.untold_until", { when }) : t("leave.untold")}</Notice>
      )}
    </section>
  );
}
