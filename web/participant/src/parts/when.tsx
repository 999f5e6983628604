/** A moment in the study's time zone; the viewer's own stands in the title when it differs. */
import { useTranslation } from "react-i18next";
import { useZone } from "../portal/zone";
import { momentInWords } from "../words/dates";

export function useMoment(): (at: string | number | Date) => string {
  const { i18n } = useTranslation();
  const zone = useZone();
  return (at) => momentInWords(new Date(at), i18n.language, zone);
}

export function When({ at, text }: { at: string; text: string }) {
  const { i18n } = useTranslation();
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const title = `${momentInWords(new Date(at), i18n.language, here)} (${here})`;
  return (
    <time dateTime={at} title={title}>
      {text}
    </time>
  );
}
