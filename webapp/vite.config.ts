/**
 * How the web app is built: four pages, a service worker, no address but our own. The caller's page is
 * built apart, into one file (vite-caller.ts); no other page has a script in its text.
 */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { builtPages } from "./vite-pages.ts";

const COMMON =
  /node_modules.preact|vite.preload|src.(ui.(frame|hooks|icons|say)|i18n.(index|files|languages)|live|store|shape|messages|service|relay|errors|channel|recorder-state|evidence.text|caller.(choices|kit-loader|setup-progress|drill-kept)\.|people.(names|slot))\.?/;

const SHARED = {
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
} as const;

export default defineConfig({
  ...SHARED,
  plugins: [builtPages(SHARED)],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
    rollupOptions: {
      input: {
        desk: resolve(import.meta.dirname, "desk.html"),
        duty: resolve(import.meta.dirname, "duty.html"),
        verify: resolve(import.meta.dirname, "verify.html"),
      },
      output: {
        // What every page begins with is one file: each more costs a poor line a round trip.
        codeSplitting: { groups: [{ name: "page", test: COMMON }] },
      },
    },
  },
  // A machine that does much else is slow; a test that hangs is ended all the same.
  test: { include: ["tests/**/*.test.ts"], setupFiles: ["tests/setup.ts"], testTimeout: 60_000 },
});
