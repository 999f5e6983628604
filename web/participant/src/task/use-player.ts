/** Binds a task's player to its page: what was true when the page was opened stays so until the task is over. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useApp, useSession } from "../session/app";
import { type Draft, newDraft } from "./draft";
import { type PlayerState, runPlayer, type Told } from "./player";

/** While a result is in memory only, the device and the server are asked again this often. */
const HOLD_AGAIN_MS = 15_000;

interface Props {
  task: string;
  visit_id: string | null;
  label: string | null;
  open: boolean;
}

export function usePlayer({ task, visit_id, label, open }: Props) {
  const app = useApp();
  const { owner, token } = useSession();
  const { language } = useTranslation().i18n;
  const [, go] = useLocation();
  const leave = () => go("/");
  const [told] = useState<Told>({ app, place: { owner, task, visit_id }, token, label, language, open, leave });
  const [state, setState] = useState<PlayerState>("looking");
  const [draft, setDraft] = useState<Draft | null>(null);
  const host = useRef<HTMLDivElement>(null);
  const [reason, setReason] = useState<string | null>(null);
  const chosen = useRef<(draft: Draft) => void>(() => undefined);
  const again = useRef<() => void>(() => undefined);

  useEffect(() => {
    const left = new AbortController();
    const choose = (before: Draft) =>
      new Promise<Draft>((resolve) => {
        chosen.current = resolve;
        setDraft(before);
        setState("interrupted");
      });
    const hold = (why: string | null) =>
      new Promise<void>((resolve) => {
        again.current = resolve;
        setReason(why);
        setState("held");
        setTimeout(resolve, HOLD_AGAIN_MS);
      });
    if (host.current)
      void runPlayer(told, host.current, { state: setState, draft: setDraft, choose, hold }, left.signal);
    return () => {
      left.abort();
      again.current();
    };
  }, [told]);

  return {
    state,
    draft,
    host,
    reason,
    again: () => again.current(),
    resume: () => draft && chosen.current(draft),
    begin: () => chosen.current(newDraft(told.place, new Date())),
  };
}
