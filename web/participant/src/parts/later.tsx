/** A page whose code is loaded when it is opened: a phone loads little before it is needed. Kept for offline use like all other code. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useTranslation } from "react-i18next";
import { isReplaced } from "../update/worker";
import { Notice } from "./notice";

export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Later(props: Props) {
    const { t } = useTranslation();
    const [state, setState] = useState<"loading" | "loaded" | "failed">(loaded ? "loaded" : "loading");
    useEffect(() => {
      if (loaded) return;
      const come = (page: ComponentType<Props>) => {
        loaded = page;
        setState("loaded");
      };
      // A new version has its own code, and nothing has begun yet that loading the page anew could lose.
      load().then(come, () => (isReplaced() ? location.reload() : setState("failed")));
    }, []);
    if (state === "failed") {
      return (
        <section>
          <h1>{t("task.unloaded")}</h1>
          <Notice kind="warning">{t("task.unloaded_why")}</Notice>
          <button type="button" onClick={() => location.reload()}>
            {t("app.again")}
          </button>
        </section>
      );
    }
    const Page = loaded;
    return Page ? <Page {...props} /> : <p class="loading">{t("app.loading")}</p>;
  };
}
