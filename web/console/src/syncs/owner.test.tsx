import { MantineProvider } from "@mantine/core";
import { createMemoryHistory, createRootRoute, createRouter, RouterContextProvider } from "@tanstack/react-router";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { Session } from "../participant/participant";
import { type Study, StudyProvider } from "../study/study";
import { Owner } from "./Owner";

const session = { participant_id: "p", participant_code: "P-7", visit_id: "v", visit_label: "Week 1" } as Session;

test("a row of a list says whose result it is without asking the server", () => {
  const router = createRouter({ routeTree: createRootRoute(), history: createMemoryHistory() });
  // Nothing here could ask: a component with a query of its own would not render.
  const shown = renderToStaticMarkup(
    <MantineProvider>
      <StudyProvider value={{ code: "NBK" } as Study}>
        <RouterContextProvider router={router}>
          <Owner session={session} />
        </RouterContextProvider>
      </StudyProvider>
    </MantineProvider>,
  );
  expect(shown).toContain("P-7");
  expect(shown).toContain("Week 1");
  expect(shown).toContain("/studies/NBK/participants/p#v");
});
