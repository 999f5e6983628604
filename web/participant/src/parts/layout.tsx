/** The frame of every page but a running task. */
import type { ComponentChildren } from "preact";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Languages } from "./languages";
import { Update } from "./update";

export function Layout({ nav, children }: { nav: boolean; children: ComponentChildren }) {
  const { t } = useTranslation();
  return (
    <div class="frame">
      <a class="skip" href="#content">
        {t("app.skip")}
      </a>
      <header>
        <span class="name">{t("app.name")}</span>
        <Languages />
      </header>
      {nav && <Navigation />}
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <Update />
    </div>
  );
}

function Navigation() {
  const { t } = useTranslation();
  const places = { "/": "app.home", "/schedule": "app.schedule", "/leave": "app.leave" } as const;
  return (
    <nav aria-label={t("app.menu")}>
      {Object.entries(places).map(([to, name]) => (
        <Place key={to} to={to} name={t(name)} />
      ))}
    </nav>
  );
}

function Place({ to, name }: { to: string; name: string }) {
  return (
    <Link href={to} className={(here: boolean) => (here ? "here" : "")}>
      {name}
    </Link>
  );
}
