import { preact } from "@preact/preset-vite";
import { defineConfig } from "vite";

// `outDir` is given by crates/web-assets, which builds into its own folder.
export default defineConfig({
  base: "/app/",
  plugins: [preact()],
  build: { target: "es2022", assetsInlineLimit: 0, emptyOutDir: true, reportCompressedSize: false },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
