/** How the web app is built: three pages, a service worker, no inline script, no address but our own. */
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { builtPages } from "./vite-pages.ts";

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
        sw: resolve(import.meta.dirname, "src/service-worker.ts"),
      },
      output: {
        // Its address is its scope and its identity: no hash in its name.
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  worker: { format: "es" },
  test: { include: ["tests/**/*.test.ts"], setupFiles: ["tests/setup.ts"] },
});
