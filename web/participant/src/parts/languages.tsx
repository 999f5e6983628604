/** Chooses the language. */
import { useTranslation } from "react-i18next";
import { choose, type Language, LANGUAGES } from "../words/words";

export function Languages() {
  const { t, i18n } = useTranslation();
  return (
    <label class="languages">
      <span class="unseen">{t("app.language")}</span>
      <select value={i18n.language} onChange={(event) => void choose(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([language, name]) => (
          <option key={language} value={language} lang={language}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
