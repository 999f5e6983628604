/** The frame around a study's pages: which study, where one is, who one is, and whether what one sees is live. */
import { AppShell, Burger, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useLocation } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { fetchAhead } from "../display/lazy";
import { useLiveChanges } from "../study/live";
import { useStudy } from "../study/study";
import { LiveSign } from "./LiveSign";
import { Mark } from "./Mark";
import { Navigation } from "./Navigation";
import classes from "./Shell.module.css";
import { Stale } from "./Stale";
import { StudySwitcher } from "./StudySwitcher";
import { UserMenu } from "./UserMenu";

export function Shell({ children }: { children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const live = useLiveChanges(useStudy().id);
  useEffect(close, [pathname, close]);
  useEffect(fetchAhead, []);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 216, breakpoint: "md", collapsed: { mobile: !open } }}
      padding={{ base: "md", md: "lg" }}
    >
      <a className="skip-link" href="#content">
        Skip to the page
      </a>
      <AppShell.Header className={classes["header"]}>
        <Group h="100%" px="md" gap="sm" wrap="nowrap" justify="space-between">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger
              opened={open}
              onClick={toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={open ? "Close the navigation" : "Open the navigation"}
              aria-expanded={open}
            />
            <span className={classes["mark"]}>
              <Mark />
            </span>
            <StudySwitcher />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <LiveSign state={live} />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" className={classes["navbar"]}>
        <Navigation />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes["main"]}>
        <Stale state={live} />
        {children}
      </AppShell.Main>
    </AppShell>
  );
}
