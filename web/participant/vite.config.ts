import { preact } from "@preact/preset-vite";
import { defineConfig } from "vite";

// crates/web-assets builds into a folder of its own.
const out = process.env["METRICIS_WEB_OUT"];

export default defineConfig({
  base: "/app/",
  plugins: [preact()],
  build: { outDir: out ? `${out}/participant` : "dist", target: "es2022", assetsInlineLimit: 0, emptyOutDir: true, reportCompressedSize: false },
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
