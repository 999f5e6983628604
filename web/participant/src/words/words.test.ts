/** Both languages say the same things. */
import { expect, test } from "vitest";
import { FAILED_SYNC } from "../parts/banners";
import en from "./en.json";
import fr from "./fr.json";
import { languageOf } from "./words";

type Catalog = { [key: string]: string | Catalog };

function flat(catalog: Catalog, path = ""): [string, string][] {
  return Object.entries(catalog).flatMap(([key, value]) =>
    typeof value === "string" ? [[`${path}${key}`, value] as [string, string]] : flat(value, `${path}${key}.`),
  );
}

const holes = (text: string) => (text.match(/{{\w+}}/g) ?? []).toSorted();

test("every key stands in both catalogs, with the same placeholders, and says something", () => {
  const [english, french] = [Object.fromEntries(flat(en)), Object.fromEntries(flat(fr))];
  expect(Object.keys(french).toSorted()).toEqual(Object.keys(english).toSorted());
  for (const [key, text] of Object.entries(english)) {
    expect(text.trim(), key).not.toBe("");
    expect(french[key]?.trim(), key).not.toBe("");
    expect(holes(french[key] ?? ""), key).toEqual(holes(text));
  }
});

test("French says it in French", () => {
  const [english, french] = [Object.fromEntries(flat(en)), Object.fromEntries(flat(fr))];
  const same = Object.keys(english).filter((key) => english[key] === french[key]);
  expect(same).toEqual(["app.menu", "enter.code"]);
});

test("the banner of a failed sync has the checklist's words", () => {
  expect(en.banner.failed).toBe(FAILED_SYNC);
});

test("the first language that the app speaks is taken, or English", () => {
  expect(languageOf(["de-CH", "fr-CH", "en"])).toBe("fr");
  expect(languageOf(["de"])).toBe("en");
});
