/** How the web app is built: three pages, no inline script, no address but our own. */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "/",
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
    },
  },
  worker: { format: "es" },
  test: { include: ["tests/**/*.test.ts"] },
});
