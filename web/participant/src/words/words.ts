/** The app's languages: the browser's at first, the participant's choice after that. */
import { createInstance, type i18n as Words } from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = { en: "English", fr: "Français" } as const;
export type Language = keyof typeof LANGUAGES;

/** Each language is a file of its own: one is loaded at first, both are kept for offline use. */
const CATALOGS = {
  en: () => import("./en.json"),
  fr: () => import("./fr.json"),
};

const CHOICE = "metricis-language";

export function languageOf(wanted: readonly string[]): Language {
  const known = wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES);
  return (known as Language | undefined) ?? "en";
}

const words: Words = createInstance();

export async function beginWords(): Promise<void> {
  const chosen = choice();
  await words.use(initReactI18next).init({
    resources: {},
    fallbackLng: false,
    // Text goes into the page as text, never as HTML.
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await show(languageOf(chosen ? [chosen, ...navigator.languages] : navigator.languages));
}

/** None where the browser blocks storage; the words must come up all the same, to say so. */
function choice(): string | null {
  try {
    return localStorage.getItem(CHOICE);
  } catch {
    return null;
  }
}

export async function choose(language: Language): Promise<void> {
  try {
    localStorage.setItem(CHOICE, language);
  } catch {
    // For as long as the page is open, then.
  }
  await show(language);
}

async function show(language: Language): Promise<void> {
  if (!words.hasResourceBundle(language, "translation")) {
    words.addResourceBundle(language, "translation", (await CATALOGS[language]()).default);
  }
  await words.changeLanguage(language);
  document.documentElement.lang = language;
  document.title = words.t("app.name");
}
