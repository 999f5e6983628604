/** Entering with a one-time link. The code comes in the fragment, which no server and no log ever sees, and leaves the address at once. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { isUnsent } from "../outbox/entry";
import { entriesOf } from "../outbox/outbox";
import { hasRoom } from "../device/store";
import { Notice } from "../parts/notice";
import { enter } from "../portal/api";
import { useApp, useCurrentSession, useKept } from "../session/app";
import { codeIn, takeCode } from "../session/link";
import { beginSession, ownerOf } from "../session/session";

type Outcome = { kind: "entered" | "empty" | "unkept" | "unreachable" } | { kind: "refused"; reason: string | null };

export function Enter() {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const { outcome, entering, submit } = useEntering();
  useLinkCode(setCode, submit);
  return (
    <>
      <Over />
      <h1>{t("enter.title")}</h1>
      <p>{t("enter.why")}</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit(code);
        }}
      >
        <label for="code">{t("enter.code")}</label>
        <input
          id="code"
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-describedby="code-hint"
          aria-invalid={outcome?.kind === "empty" || outcome?.kind === "refused"}
        />
        <p id="code-hint" class="hint">
          {t("enter.code_hint")}
        </p>
        <button type="submit" disabled={entering}>
          {t(entering ? "enter.entering" : "enter.submit")}
        </button>
      </form>
      {outcome?.kind === "empty" && <Notice kind="alert">{t("enter.empty")}</Notice>}
      {outcome?.kind === "unkept" && <Notice kind="alert">{t("enter.unkept")}</Notice>}
      {outcome?.kind === "unreachable" && <Notice kind="alert">{t("enter.unreachable")}</Notice>}
      {outcome?.kind === "refused" && <Notice kind="alert">{outcome.reason ?? t("enter.refused")}</Notice>}
    </>
  );
}

/** The session that has ended, and what waits for the next one. */
function Over() {
  const { t } = useTranslation();
  const session = useCurrentSession();
  const owner = session?.over ? session.owner : null;
  const unsent = useKept(`unsent ${owner}`, async (device) =>
    owner ? (await entriesOf(device, owner)).filter(isUnsent).length : 0,
  );
  if (!owner) return null;
  return (
    <Notice kind="warning" title={t("enter.over")}>
      <p>{t("enter.over_why")}</p>
      {!!unsent && <p>{t("enter.unsent", { count: unsent })}</p>}
    </Notice>
  );
}

function useEntering() {
  const { device, signal, uploadNow } = useApp();
  const [, go] = useLocation();
  const mutation = useMutation({
    networkMode: "always",
    mutationFn: async (typed: string): Promise<Outcome> => {
      const code = codeIn(typed);
      if (!code) return { kind: "empty" };
      // Before the link is used up: what comes after it has to be kept.
      if (!(await hasRoom(device))) return { kind: "unkept" };
      const answer = await enter(code);
      if (answer.kind === "unreachable") return answer;
      // 401 says no more than that the link does not work; other refusals say why.
      if (answer.kind === "refused") return { kind: "refused", reason: answer.status === 401 ? null : answer.reason };
      const { session_token } = answer.data;
      const owner = ownerOf(session_token);
      if (!owner) return { kind: "refused", reason: null };
      await beginSession(device, session_token, owner);
      go("/", { replace: true });
      signal.tell();
      uploadNow();
      return { kind: "entered" };
    },
  });
  return { outcome: mutation.data, entering: mutation.isPending, submit: mutation.mutate };
}

/** A link is meant to be opened, not to be typed after it has been. */
function useLinkCode(show: (code: string) => void, submit: (code: string) => void): void {
  useEffect(() => {
    const take = () => {
      const code = takeCode();
      if (!code) return;
      show(code);
      submit(code);
    };
    take();
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, [show, submit]);
}
