import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `outDir` is given by crates/web-assets, which builds into its own folder.
export default defineConfig({
  base: "/console/",
  plugins: [react()],
  // The server puts the nonce of each answer in the place of this word.
  html: { cspNonce: "METRICIS_CSP_NONCE" },
  build: { target: "es2022", assetsInlineLimit: 0, emptyOutDir: true, reportCompressedSize: false },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
