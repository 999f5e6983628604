import { preact } from "@preact/preset-vite";
import { defineConfig } from "vite";
import { type ManifestOptions, VitePWA } from "vite-plugin-pwa";

/** How the app appears when it is installed. */
const manifest: Partial<ManifestOptions> = {
  id: "/app/",
  name: "Metricis – my study",
  short_name: "My study",
  description: "Your tasks and visits in a clinical study",
  start_url: "/app/",
  scope: "/app/",
  display: "standalone",
  background_color: "#f6f7f9",
  theme_color: "#1d4ed8",
  icons: [
    { src: "icon-192.png", sizes: "192x192", type: "image/png" },
    { src: "icon-512.png", sizes: "512x512", type: "image/png" },
    { src: "icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
  ],
};

const api = { "/api": process.env["METRICIS_API"] ?? "http://127.0.0.1:8080" };

/** The server's policy, so that a preview refuses what the server will refuse. */
const policy = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'",
  "manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
].join("; ");

// crates/web-assets builds into a folder of its own.
const out = process.env["METRICIS_WEB_OUT"];

export default defineConfig({
  base: "/app/",
  plugins: [
    preact(),
    VitePWA({
      filename: "sw.js",
      // Registered by src/update/worker.ts, which knows when a new version may take over.
      injectRegister: false,
      registerType: "prompt",
      manifest,
      workbox: {
        // The shell and the task; the API is never answered from here.
        globPatterns: ["**/*.{html,js,css,svg,png,webmanifest}"],
        navigateFallback: "index.html",
        navigateFallbackDenylist: [/^\/api\//],
        clientsClaim: true,
        cleanupOutdatedCaches: true,
      },
    }),
  ],
  build: {
    outDir: out ? `${out}/participant` : "dist",
    target: "es2022",
    assetsInlineLimit: 0,
    emptyOutDir: true,
    reportCompressedSize: false,
  },
  server: { proxy: api },
  preview: { proxy: api, headers: { "Content-Security-Policy": policy } },
});
