/**
 * What the server and the log said: keys, checkpoint, receipts, proofs, consistency. Twin of
 * src/accompany/evidence/verify_log.py. Not here: the statements themselves (chain), time stamps
 * (stamps), asking a live log, which a page that asks nobody does not do.
 */

import { AccompanyError } from "../errors";
import {
  CHECKPOINT_LIMIT,
  type Checkpoint,
  type Proof,
  checkProof,
  parseCheckpoint,
  readConsistency,
  readProof,
} from "../evidence/checkpoints";
import { checkConsistency } from "../evidence/merkle";
import type { Note, Verifier } from "../evidence/notes";
import { type Entry, type Receipt, readReceipt, sameEntry } from "../evidence/receipts";
import type { Opening } from "../evidence/statements";
import { quoted, sameBytes, writeHex } from "../evidence/text";
import type { Contents } from "./contents";
import { type Findings, byCharacter } from "./findings";
import { AFTER, CHECKPOINT, POLICY, receiptPath } from "./layout";
import type { Notes } from "./notes";
import { NO_POLICY, type Policy, cosigned, quorumHolds, readPolicy } from "./policy";

/** Whose signatures are looked for: from the policy given, or else the package's own. */
export interface Keys {
  readonly origin: string;
  readonly log: readonly Verifier[];
  readonly receipts: readonly Verifier[];
  readonly believed: Policy;
  readonly own: Policy;
}

/** Returns the key among `keys` that `note` says it is signed by; else the first. */
export function pick(keys: readonly Verifier[], note: Note): Verifier | null {
  const named = keys.find((key) =>
    note.signatures.some(({ name, id }) => name === key.name && sameBytes(id, key.id)),
  );
  return named ?? keys[0] ?? null;
}

/** Returns the receipts key by which `note` says it is signed, of another log that is believed. */
export function ofAnotherLog({ believed, origin }: Keys, note: Note): Verifier | null {
  const others = believed.logs.map(({ name }) => name).filter((name) => name !== origin);
  const known = believed.receipts.filter(({ name }) => others.some((log) => name === `${log}/receipts`));
  const signed = (key: Verifier) =>
    note.signatures.some(({ name, id }) => name === key.name && sameBytes(id, key.id));
  return known.find(signed) ?? null;
}

/** Returns the keys to check the log `origin` with, and says how far they can be believed. */
export async function settleKeys(
  contents: Contents,
  policy: Policy | null,
  origin: string,
  findings: Findings,
): Promise<Keys> {
  let own = NO_POLICY;
  const data = await contents.need(POLICY);
  if (data !== null) {
    await findings.under("form", POLICY, () => {
      own = readPolicy(data);
    });
  }
  const ours = keysOf(own, origin);
  if (policy === null) {
    findings.add("policy-none");
    return { origin, ...ours, believed: own, own };
  }
  const { log, receipts } = keysOf(policy, origin);
  if (log.length === 0) {
    const known = policy.logs.map(({ name }) => name).join(", ") || "none";
    findings.add("log-unknown", POLICY, `one of ${known}`, origin || "none");
    return { origin, ...ours, believed: policy, own };
  }
  compare(log, ours.log, findings);
  if (receipts.length > 0) {
    compare(receipts, ours.receipts, findings);
    findings.add("log-known", "", "", "", { origin });
  } else {
    findings.add("receipts-key");
  }
  return { origin, log, receipts: receipts.length > 0 ? receipts : ours.receipts, believed: policy, own };
}

function keysOf(policy: Policy, origin: string): Pick<Keys, "log" | "receipts"> {
  return {
    log: policy.logs.filter(({ name }) => name === origin),
    receipts: policy.receipts.filter(({ name }) => name === `${origin}/receipts`),
  };
}

function compare(given: readonly Verifier[], stated: readonly Verifier[], findings: Findings): void {
  const known = new Set(stated.map(String));
  if (given.some((key) => known.has(String(key)))) return;
  findings.add("policy-differs", POLICY, given.join(", "), stated.join(", ") || "none of that name");
}

/** Returns the checkpoint if it is in form; signature, origin and quorum are findings. */
export async function checkCheckpoint(
  data: Uint8Array | null,
  keys: Keys,
  notes: Notes,
  findings: Findings,
): Promise<Checkpoint | null> {
  if (data === null) return null;
  let read: Checkpoint | null = null;
  await findings.under("checkpoint-signature", CHECKPOINT, async () => {
    const { checkpoint, note } = parseCheckpoint(data);
    read = checkpoint;
    if (checkpoint.origin !== keys.origin) {
      findings.add("checkpoint-origin", CHECKPOINT, keys.origin, checkpoint.origin);
    }
    const key = pick(keys.log, note);
    if (key === null) {
      findings.add("keys-unknown", CHECKPOINT, "", "", { role: "the log" });
      return;
    }
    await notes.signedBy(note, key, CHECKPOINT);
    findings.add("checkpoint-holds", "", "", "", { size: checkpoint.size });
    checkQuorum(note, keys.believed, findings);
  });
  return read;
}

function checkQuorum(note: Note, policy: Policy, findings: Findings): void {
  const names = [...cosigned(policy, note)].sort(byCharacter).join(", ") || "none";
  if (!quorumHolds(policy, note)) {
    findings.add("quorum", CHECKPOINT, `the quorum ${quoted(policy.quorum)}`, names);
  } else if (policy.quorum !== "none") {
    findings.add("quorum-holds", "", "", "", { names });
  }
}

/** Checks that the log only grew from the checkpoint the opening names to the package's. */
export async function checkAfter(
  contents: Contents,
  opening: Opening,
  checkpoint: Checkpoint | null,
  findings: Findings,
): Promise<void> {
  const { after } = opening;
  if (after === null) {
    if (contents.has(AFTER)) findings.add("after-unexpected", AFTER, "none, as the opening says", "a proof");
    return;
  }
  const data = await contents.need(AFTER);
  if (data === null || checkpoint === null) return;
  await findings.under("after", AFTER, () => {
    const { old, fresh, hashes } = readConsistency(data);
    if (old !== after.size || fresh !== checkpoint.size) {
      const expected = `old ${after.size}, new ${checkpoint.size}`;
      findings.add("after-sizes", AFTER, expected, `old ${old}, new ${fresh}`);
      return;
    }
    checkConsistency(old, fresh, after.root, checkpoint.root, hashes);
    findings.add("after-holds", "", "", "", { size: after.size });
  });
}

/** Takes the receipt and the proof of each entry, and compares them with one another. */
export class LogReader {
  private readonly places = new Map<number, { entry: Entry; where: string }>();
  private keyless = false;

  constructor(
    private readonly keys: Keys,
    readonly checkpoint: Checkpoint | null,
    private readonly note: Uint8Array | null,
    private readonly notes: Notes,
    private readonly findings: Findings,
  ) {}

  /** Begins to judge a receipt's signature. */
  expect(data: Uint8Array): void {
    const note = this.notes.parse(data);
    this.notes.expect(note, pick(this.keys.receipts, note));
  }

  /** Checks a receipt for `entry` whose bytes may be `allowed`; returns it if it is in form. */
  async takeReceipt(
    path: string,
    data: Uint8Array,
    entry: Entry | null,
    allowed: readonly string[],
  ): Promise<Receipt | null> {
    let receipt: Receipt | null = null;
    await this.findings.under("receipt-signature", path, async () => {
      const note = this.notes.parse(data);
      receipt = readReceipt(note.text);
      this.compare(path, receipt, entry, allowed);
      const key = pick(this.keys.receipts, note);
      if (key === null) this.sayKeyless();
      else await this.notes.onlyBy(note, key, path);
    });
    return receipt;
  }

  private sayKeyless(): void {
    if (!this.keyless) this.findings.add("keys-unknown", POLICY, "", "", { role: "receipts" });
    this.keyless = true;
  }

  private compare(path: string, receipt: Receipt, entry: Entry | null, allowed: readonly string[]): void {
    if (receipt.log !== this.keys.origin) this.findings.add("receipt-log", path, this.keys.origin, receipt.log);
    if (entry !== null && !sameEntry(receipt.entry, entry)) {
      this.findings.add("receipt-entry", path, hexOf(entry), hexOf(receipt.entry));
    }
    if (!allowed.includes(receipt.bytes)) {
      this.findings.add("receipt-bytes", path, allowed.join(" or "), receipt.bytes);
    }
    this.place(path, receipt.index, receipt.entry);
  }

  private place(path: string, index: number, entry: Entry): void {
    const other = this.places.get(index);
    if (other === undefined) this.places.set(index, { entry, where: path });
    else if (!sameEntry(other.entry, entry)) {
      const expected = `${hexOf(other.entry)} at ${index}, as ${other.where} says`;
      this.findings.add("receipt-index", path, expected, hexOf(entry));
    }
  }

  /** Checks a proof of `entry`; returns its index if it is in form. */
  async takeProof(
    path: string,
    data: Uint8Array,
    entry: Entry | null,
    receipt: Receipt | null,
  ): Promise<number | null> {
    let index: number | null = null;
    await this.findings.under("proof", path, () => {
      const proof = readProof(data);
      index = proof.index;
      if (receipt !== null && proof.index !== receipt.index) {
        this.findings.add("proof-index", path, `index ${receipt.index}`, `index ${proof.index}`);
      }
      if (this.note !== null && !sameBytes(proof.checkpoint, this.note)) {
        this.findings.add("proof-checkpoint", path, `${CHECKPOINT} byte for byte`, firstLine(proof));
      }
      if (entry !== null && this.checkpoint !== null) {
        checkProof(proof, entry, this.checkpoint);
        this.place(path, proof.index, entry);
      }
    });
    return index;
  }
}

/** The opening names a checkpoint it came after: it cannot stand among the entries before. */
export function checkPlaceOfOpening(opening: Opening, index: number, findings: Findings): void {
  if (opening.after !== null && index < opening.after.size) {
    findings.add("opening-early", receiptPath(0), `an index from ${opening.after.size}`, String(index));
  }
}

function hexOf(entry: Entry): string {
  return `${writeHex(entry.slot)} ${writeHex(entry.digest)}`;
}

function firstLine(proof: Proof): string {
  try {
    const { checkpoint } = parseCheckpoint(proof.checkpoint.subarray(0, 2 * CHECKPOINT_LIMIT));
    return `one over ${checkpoint.size} entries`;
  } catch (error) {
    if (error instanceof AccompanyError) return "another";
    throw error;
  }
}
