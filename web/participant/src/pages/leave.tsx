/** Signing out: says what would be lost, lets it be sent first, then leaves nothing behind and tells the server. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { isUnsent } from "../outbox/entry";
import { askAgain, entriesOf } from "../outbox/outbox";
import { Notice } from "../parts/notice";
import { Result } from "../parts/results";
import { signOut } from "../portal/api";
import { useApp, useKept, useSession } from "../session/app";
import { type Farewell, forget, tellServer } from "../session/leave";

export function Leave({ left }: { left: (farewell: Farewell) => void }) {
  const { t } = useTranslation();
  const { device, signal } = useApp();
  const { owner, token } = useSession();
  const queries = useQueryClient();
  const unsent = useKept(`unsent entries ${owner}`, async (kept) => (await entriesOf(kept, owner)).filter(isUnsent));
  const drafts = useKept(`drafts ${owner}`, (kept) => kept.countFromIndex("drafts", "owner", owner));
  if (!unsent) return <p class="loading">{t("app.loading")}</p>;
  const leave = async () => {
    queries.clear();
    // The server is told with the token that is being forgotten; the device does not wait for it.
    const farewell = tellServer(token, signOut);
    await forget(device, owner);
    left(farewell);
    signal.tell();
  };
  const lose = unsent.length > 0;
  return (
    <>
      <h1>{t("leave.title")}</h1>
      <p>{t("leave.why")}</p>
      {lose && <Unsent entries={unsent} />}
      {!!drafts && <Notice kind="warning">{t("leave.drafts", { count: drafts })}</Notice>}
      <div class="choices">
        <button type="button" class={lose ? "danger" : ""} onClick={() => void leave()}>
          {lose ? t("leave.lose", { count: unsent.length }) : t("leave.sure")}
        </button>
        <Link href="/" className="button plain">
          {t("leave.stay")}
        </Link>
      </div>
    </>
  );
}

function Unsent({ entries }: { entries: Parameters<typeof Result>[0]["entry"][] }) {
  const { t } = useTranslation();
  const { device, signal, uploadAll } = useApp();
  const { owner } = useSession();
  const [state, setState] = useState<"ready" | "sending" | "failed">("ready");
  const send = async () => {
    setState("sending");
    await askAgain(device, owner);
    await uploadAll();
    signal.tell();
    const left = (await entriesOf(device, owner)).some(isUnsent);
    setState(left ? "failed" : "ready");
  };
  return (
    <Notice kind="warning" title={t("leave.unsent_title")}>
      <p>{t("leave.unsent", { count: entries.length })}</p>
      <ul class="results">
        {entries.map((entry) => (
          <Result key={entry.submission_key} entry={entry} />
        ))}
      </ul>
      <button type="button" disabled={state === "sending"} onClick={() => void send()}>
        {t(state === "sending" ? "leave.sending" : "leave.send")}
      </button>
      {state === "failed" && <p role="alert">{t("leave.unsendable")}</p>}
    </Notice>
  );
}
