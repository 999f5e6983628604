import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// crates/web-assets builds into a folder of its own.
const out = process.env["METRICIS_WEB_OUT"];

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  // The server puts the nonce of each answer in the place of this word.
  html: { cspNonce: "METRICIS_CSP_NONCE" },
  build: {
    outDir: out ? `${out}/console` : "dist",
    target: "es2022",
    assetsInlineLimit: 0,
    emptyOutDir: true,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": process.env["METRICIS_API"] ?? "http://127.0.0.1:8080" } },
});
