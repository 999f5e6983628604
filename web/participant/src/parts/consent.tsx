/** The participant's own consent; recorded when the server says so, not before. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { consent } from "../portal/api";
import { useSession } from "../session/app";
import { Notice } from "./notice";

export function Consent() {
  const { t } = useTranslation();
  const { token } = useSession();
  const queries = useQueryClient();
  const [agreed, setAgreed] = useState(false);
  const [giving, setGiving] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const give = async () => {
    setGiving(true);
    const answer = await consent(token);
    setGiving(false);
    if (answer.kind === "unreachable") return setRefusal(t("consent.unreachable"));
    if (answer.kind === "refused") setRefusal(answer.reason);
    await queries.invalidateQueries();
  };
  return (
    <article class="card first">
      <h3>{t("task.consent")}</h3>
      <p>{t("consent.why")}</p>
      <label class="check">
        <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.currentTarget.checked)} />
        <span>{t("consent.statement")}</span>
      </label>
      <button type="button" disabled={!agreed || giving} onClick={() => void give()}>
        {t(giving ? "consent.giving" : "consent.give")}
      </button>
      {refusal && <Notice kind="alert">{refusal}</Notice>}
    </article>
  );
}
