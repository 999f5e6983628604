import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// crates/web-assets builds into a folder of its own.
const out = process.env["METRICIS_WEB_OUT"];

const server = process.env["METRICIS_API"] ?? "http://127.0.0.1:8080";

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
  // The server refuses unsafe requests of another origin, so the proxy speaks as the server's own page.
  server: { proxy: { "/api": { target: server, changeOrigin: true, headers: { origin: server } } } },
});
