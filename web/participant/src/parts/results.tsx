/** What was done on this device, and how far each result has come. */
import { useTranslation } from "react-i18next";
import { type Entry, isUnsent } from "../outbox/entry";
import { askAgain } from "../outbox/outbox";
import { useApp, useSession } from "../session/app";
import { Sign, stateOf } from "./sign";
import { taskName } from "./task-card";
import { useMoment, When } from "./when";

export function Results({ entries }: { entries: readonly Entry[] }) {
  const { t } = useTranslation();
  const { device, signal, uploadNow } = useApp();
  const { owner } = useSession();
  const send = async () => {
    await askAgain(device, owner);
    signal.tell();
    uploadNow();
  };
  return (
    <section>
      <h2>{t("result.title")}</h2>
      {entries.length === 0 && <p class="hint">{t("result.none")}</p>}
      {entries.length > 0 && (
        <ul class="results">
          {entries.map((entry) => (
            <Result key={entry.submission_key} entry={entry} />
          ))}
        </ul>
      )}
      {entries.some(isUnsent) && (
        <button type="button" class="small plain" onClick={() => void send()}>
          {t("result.send_now")}
        </button>
      )}
    </section>
  );
}

export function Result({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const moment = useMoment();
  const state = stateOf(entry);
  return (
    <li class="result">
      <div>
        <strong>{taskName(t, entry.task)}</strong>
        {entry.label && <span class="label"> · {entry.label}</span>}
        <p class="hint">
          <When at={entry.completed_at} text={t("result.at", { when: moment(entry.completed_at) })} />
        </p>
      </div>
      <div class="state">
        <Sign state={state} />
        <p class="hint">{t(`result.${state}_why`, { reason: entry.reason ?? "" })}</p>
      </div>
    </li>
  );
}
