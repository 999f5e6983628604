/** Binds a task's player to its page: what was true when the page was opened stays so until the task is over. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { useApp, useSession } from "../session/app";
import { type Draft, newDraft } from "./draft";
import { type PlayerState, runPlayer, type Told } from "./player";

interface Props {
  task: string;
  visit_id: string | null;
  label: string | null;
  open: boolean;
}

export function usePlayer({ task, visit_id, label, open }: Props) {
  const app = useApp();
  const { owner } = useSession();
  const { language } = useTranslation().i18n;
  const [told] = useState<Told>({ app, place: { owner, task, visit_id }, label, language, open });
  const [state, setState] = useState<PlayerState>("looking");
  const [draft, setDraft] = useState<Draft | null>(null);
  const host = useRef<HTMLDivElement>(null);
  const chosen = useRef<(draft: Draft) => void>(() => undefined);

  useEffect(() => {
    const left = new AbortController();
    const choose = (before: Draft) =>
      new Promise<Draft>((resolve) => {
        chosen.current = resolve;
        setDraft(before);
        setState("interrupted");
      });
    if (host.current) void runPlayer(told, host.current, { state: setState, draft: setDraft, choose }, left.signal);
    return () => left.abort();
  }, [told]);

  return {
    state,
    draft,
    host,
    resume: () => draft && chosen.current(draft),
    begin: () => chosen.current(newDraft(told.place, new Date())),
  };
}
