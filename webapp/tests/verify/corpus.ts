/**
 * The corpus that Python makes (tests/corpus): packages, what is believed, and Python's whole report.
 * ACCOMPANY_CORPUS names the folder where scripts/test has put it; without it, it is made here.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { utf8 } from "../../src/evidence/text";
import { Verifier } from "../../src/evidence/notes";
import { readHeads } from "../../src/verify/heads";
import { readPolicy } from "../../src/verify/policy";
import { readAnchors } from "../../src/verify/timestamps";
import type { Trust } from "../../src/verify/trust";

const ROOT = resolve(import.meta.dirname, "../../..");

export interface Case {
  readonly class: string;
  readonly name: string;
  readonly file: string;
  readonly options: {
    readonly policy: string | null;
    readonly anchors: string | null;
    readonly signer: string | null;
    readonly heads: string | null;
    readonly open_ended: boolean;
  };
  readonly report: Readonly<Record<string, unknown>> & { readonly exit: number };
}

export interface Corpus {
  readonly cases: readonly Case[];
  read(file: string): Blob;
}

export function loadCorpus(): Corpus {
  const folder = process.env["ACCOMPANY_CORPUS"] ?? make();
  const index = readFileSync(join(folder, "index.json"), "utf8");
  return {
    cases: JSON.parse(index) as Case[],
    read: (file) => new Blob([readFileSync(join(folder, file))]),
  };
}

function make(): string {
  const python = join(ROOT, ".venv", "bin", "python");
  if (!existsSync(python)) throw new Error("the corpus is made by Python: run scripts/prepare dev");
  const folder = mkdtempSync(join(tmpdir(), "accompany-corpus-"));
  const env = { ...process.env, PYTHONPATH: join(ROOT, "tests") };
  execFileSync(python, ["-m", "corpus", folder], { cwd: ROOT, env, stdio: ["ignore", "ignore", "inherit"] });
  return folder;
}

export function trustOf({ options }: Case): Trust {
  return {
    policy: options.policy === null ? null : readPolicy(utf8(options.policy)),
    signer: options.signer === null ? null : Verifier.parse(options.signer),
    openEnded: options.open_ended,
    heads: options.heads === null ? [] : readHeads(utf8(options.heads)),
    anchors: options.anchors === null ? [] : readAnchors(utf8(options.anchors)),
  };
}
