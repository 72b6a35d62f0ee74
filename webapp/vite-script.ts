/** One classic script of one source file and what it imports: for a service worker, or to stand in a page. */
import { join } from "node:path";
import { build } from "vite";

export async function classicScript(name: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      rollupOptions: { input: join(import.meta.dirname, "src", name), output: { format: "iife" } },
    },
  });
  const [chunk] = [built].flat().flatMap((one) => ("output" in one ? one.output : []));
  if (chunk?.type !== "chunk") throw new Error(`${name} was not built`);
  return chunk.code.trim();
}
