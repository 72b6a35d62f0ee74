/** Opened packages made here, judged by the verifier that judges those of `accompany open`. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { noCopy } from "../../src/disclosure/court-copy";
import { disclose, ownSigner } from "../../src/disclosure/disclose";
import { reportFile } from "../../src/disclosure/report-file";
import { utf8 } from "../../src/evidence/text";
import { Verifier } from "../../src/evidence/notes";
import { openPackage } from "../../src/opened";
import { readFilekeys } from "../../src/verify/listing";
import { verifyPackage } from "../../src/verify/verify";
import { readPolicy } from "../../src/verify/policy";
import { Zip } from "../../src/zip";

const ROOT = resolve(import.meta.dirname, "../../..");
const PYTHON = join(ROOT, ".venv", "bin", "python");
/** A sealed package of the tests', its caller's identity, and the policy that judges it. */
const MAKE = `
import json, sys
from pathlib import Path
from evidence import making
Path(sys.argv[1]).write_bytes(making.good().zipped())
print(json.dumps({"identity": str(making.CALLER), "stranger": str(making.age.HybridIdentity(making.seed("nobody"))), "policy": making.POLICY_TEXT, "recording": making.good().recording}))
`;
const JUDGE = `
import sys
from pathlib import Path
from accompany.evidence.checkpoints import Policy
from accompany.evidence.notes import Verifier
from accompany.evidence.verify import Trust
from accompany.verifier import verify
report = verify(Path(sys.argv[1]), Trust(policy=Policy.parse(sys.argv[2].encode()), signer=Verifier.parse(sys.argv[3])))
print(report.exit, *(f.text for f in report.findings if f.code == "segments-withheld"))
`;
const WHY = "privileged: talk with counsel";

let sealed: Blob;
let given: { identity: string; stranger: string; policy: string; recording: string };

const python = (script: string, ...args: string[]): string =>
  String(
    execFileSync(PYTHON, ["-c", script, ...args], {
      cwd: ROOT,
      env: { ...process.env, PYTHONPATH: join(ROOT, "tests") },
      encoding: "utf8",
    }),
  );

beforeAll(async () => {
  const path = join(mkdtempSync(join(tmpdir(), "accompany-disclose-")), "sealed.zip");
  given = JSON.parse(python(MAKE, path)) as typeof given;
  sealed = new Blob([readFileSync(path)]);
}, 60_000);

async function made(withheld: ReadonlyMap<number, string>, identity = given.identity) {
  const signer = ownSigner(given.recording);
  const vkey = String(signer.verifier);
  const order = { sealed, identity, withheld, signer: vkey, now: Date.UTC(2026, 10, 23), copied: async () => noCopy("not asked for") };
  const shares: number[] = [];
  const disclosing = await disclose(order, (share) => shares.push(share));
  const whole = await disclosing.finish(signer.sign(disclosing.text));
  return { whole, vkey, shares, disclosing };
}

async function judged(whole: Blob, vkey: string) {
  const trust = { policy: readPolicy(utf8(given.policy)), signer: Verifier.parse(vkey), openEnded: false, heads: [], anchors: [] };
  return await verifyPackage(whole, trust);
}

const WITHHELD = /Segments not shown when the package was opened: 2, from \d+\.\d{3} to \d+\.\d{3} s after the opening\./;

describe("an opened package", () => {
  test("made here holds for both verifiers, whole or with stretches withheld", async () => {
    const { segments, parts } = await openPackage(sealed, given.identity, () => undefined);
    expect(parts).toHaveLength(segments);
    const [, second, third] = parts.map(({ number }) => number);
    for (const hidden of [[], [second, third]]) {
      const { whole, vkey, shares, disclosing } = await made(new Map(hidden.map((number) => [number ?? 0, WHY])));
      const report = await judged(whole, vkey);
      expect(report.findings.filter(({ verdict }) => verdict !== "holds")).toEqual([]);
      expect(report.facts.opened).toBe(true);
      expect(disclosing.shown).toBe(segments - hidden.length);
      expect(shares).toEqual([...shares].sort((one, other) => one - other));
      const path = join(mkdtempSync(join(tmpdir(), "accompany-disclose-")), "opened.zip");
      writeFileSync(path, new Uint8Array(await whole.arrayBuffer()));
      const said = python(JUDGE, path, given.policy, vkey).trim();
      const ours = report.findings.filter(({ code }) => code === "segments-withheld").map(({ text }) => text);
      expect(said).toBe(["0", ...ours].join(" "));
      if (hidden.length > 0) expect(ours[0]).toMatch(WITHHELD);
      else expect(ours).toEqual([]);
    }
  }, 60_000);

  test("gives no key of what is withheld, and the film has none of it", async () => {
    const { parts, media } = await openPackage(sealed, given.identity, () => undefined);
    const hidden = parts[1]?.number ?? 0;
    const { whole, disclosing } = await made(new Map([[hidden, WHY]]));
    const zip = await Zip.open(whole);
    const keys = readFilekeys(await zip.read(`${given.recording}/data/filekeys.txt`));
    expect(keys.find(({ number }) => number === hidden)).toEqual({ number: hidden, key: null, reason: WHY });
    expect(keys.filter(({ key }) => key === null)).toHaveLength(1);
    expect(disclosing.film.size).toBeLessThan(media.size);
    // What commits to it stays: statement, receipt, proof and the sealed bytes.
    const six = String(hidden).padStart(6, "0");
    for (const path of [`statements/${six}.note`, `receipts/${six}.note`, `proofs/${six}.tlog-proof`, `segments/${six}.age`]) {
      expect(zip.has(`${given.recording}/data/${path}`)).toBe(true);
    }
  }, 60_000);

  test("bent anywhere it was added to fails", async () => {
    const { whole, vkey } = await made(new Map());
    const data = new Uint8Array(await whole.arrayBuffer());
    const text = new TextDecoder("latin1").decode(data);
    for (const path of ["data/filekeys.txt", "data/media/derivation.json", "data/opened.note"]) {
      const at = text.indexOf(path) + path.length + 30;
      const bent = Uint8Array.from(data);
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect((await judged(new Blob([bent]), vkey)).exit, path).toBe(1);
    }
  }, 60_000);

  test("is made by nobody to whom it was not granted, and with no reason of two lines", async () => {
    await expect(made(new Map(), given.stranger)).rejects.toThrow();
    const { parts } = await openPackage(sealed, given.identity, () => undefined);
    await expect(made(new Map([[parts[1]?.number ?? 0, "one\n2 00"]]))).rejects.toThrow();
    await expect(made(new Map([[parts[0]?.number ?? 0, WHY]]))).rejects.toThrow("beginning");
  }, 60_000);
});

test("the report as a file runs nothing, whatever a package says", async () => {
  const { whole, vkey } = await made(new Map());
  const report = await judged(whole, vkey);
  const evil = '<script>alert(1)</script>\u202e"';
  const said = {
    exit: report.exit,
    findings: [{ code: "x", verdict: "fails", text: evil, file: evil, expected: evil, found: evil, accepted: false } as const],
    meaning: evil,
    notShown: [evil],
    facts: { ...report.facts, log: evil, media: evil },
    film: null,
  };
  const page = await reportFile(said, evil, 0).text();
  expect(page).not.toContain("<script");
  expect(page).not.toContain("\u202e");
  expect(page).toContain("&lt;script&gt;");
  expect(page).toContain("\\u202e");
}, 60_000);
