import { defineConfig } from "vitest/config";

// One after the other: two cores, and a story that waits for a page must not wait for another story's browser.
export default defineConfig({
  test: { include: ["**/*.story.ts"], testTimeout: 240_000, hookTimeout: 180_000, fileParallelism: false },
});
