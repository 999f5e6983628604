/** Offers a new version; never by itself, never while a task is open. */
import { useEffect, useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { type Apply, watchForUpdate } from "../update/worker";

export function Update() {
  const { t } = useTranslation();
  const [apply, setApply] = useState<Apply | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => watchForUpdate((found) => setApply(() => found)), []);
  if (!apply) return null;
  const update = () => void apply().then((done) => setBusy(!done));
  return (
    <div class="update" aria-live="polite">
      <p>{busy ? t("update.busy") : t("update.ready")}</p>
      <button type="button" class="small" onClick={update}>
        {t("update.now")}
      </button>
      <button type="button" class="small plain" onClick={() => setApply(null)}>
        {t("update.later")}
      </button>
    </div>
  );
}
