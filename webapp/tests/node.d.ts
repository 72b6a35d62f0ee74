/** The little of node that tests use; the page itself has none of it. */

declare module "node:fs" {
  export function readFileSync(path: string): Uint8Array<ArrayBuffer>;
  export function readFileSync(path: string, encoding: "utf8"): string;
  export function existsSync(path: string): boolean;
  export function writeFileSync(path: string, data: Uint8Array): void;
  export function mkdtempSync(prefix: string): string;
}

declare module "node:url" {
  export function fileURLToPath(address: URL): string;
}

declare module "node:path" {
  export function join(...parts: string[]): string;
  export function resolve(...parts: string[]): string;
}

declare module "node:os" {
  export function tmpdir(): string;
}

declare module "node:child_process" {
  export function execFileSync(file: string, args: readonly string[], options: object): unknown;
}

declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

interface ImportMeta {
  readonly dirname: string;
}
