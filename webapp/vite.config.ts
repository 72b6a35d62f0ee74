/** How the web app is built: three pages, a service worker, no inline script, no address but our own. */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { builtPages } from "./vite-pages.ts";

const COMMON =
  /node_modules.preact|vite.preload|src.(ui.(frame|hooks|icons|say|chat-box|picture)|i18n.(index|files|languages)|live|store|shape|messages|service|errors|channel|evidence.text|caller.choices)\.?/;

export default defineConfig({
  base: "/",
  plugins: [builtPages()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
    rollupOptions: {
      input: {
        caller: resolve(import.meta.dirname, "index.html"),
        duty: resolve(import.meta.dirname, "duty.html"),
        verify: resolve(import.meta.dirname, "verify.html"),
      },
      output: {
        // What every page begins with is one file: each more costs a poor line a round trip.
        codeSplitting: { groups: [{ name: "page", test: COMMON }] },
      },
    },
  },
  worker: { format: "es" },
  // A machine that does much else is slow; a test that hangs is ended all the same.
  test: { include: ["tests/**/*.test.ts"], setupFiles: ["tests/setup.ts"], testTimeout: 60_000 },
});
