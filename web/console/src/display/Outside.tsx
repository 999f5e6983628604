/** The frame of a page that belongs to no study. */
import { Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { Mark } from "../shell/Mark";

export function Outside({ children }: { children: ReactNode }) {
  return (
    <Stack component="main" px="md" py={48} maw={640} mx="auto" gap="lg">
      <Mark />
      {children}
    </Stack>
  );
}
