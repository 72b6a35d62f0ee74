/**
 * The time stamps of a package: five files each that belong together. Twin of the first half of
 * src/accompany/evidence/verify_stamps.py. Only tokens that hold, whose authority an anchor given
 * from outside vouches for, and that the log holds, give a bracket (brackets).
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { AccompanyError, DoesNotHold } from "../errors";
import { type Checkpoint, parseCheckpoint, readConsistency } from "../evidence/checkpoints";
import { checkConsistency } from "../evidence/merkle";
import { namedEntry } from "../evidence/receipts";
import { utf8, writeHex } from "../evidence/text";
import type { Believed, Stamp } from "./brackets";
import type { Contents } from "./contents";
import type { Findings } from "./findings";
import { STAMP_PARTS, type StampPart, stampPath } from "./layout";
import { type Keys, type LogReader, pick } from "./log";
import type { Notes } from "./notes";
import { checkSigner, checkStamp, loadChain, readPem } from "./timestamps";
import { Unsupported } from "./authority-keys";
import { type Certificate, readCertificate } from "./certificate";

/** Returns the stamps that hold and that `anchors` vouch for; the others are findings. */
export async function checkStamps(
  contents: Contents,
  keys: Keys,
  log: LogReader,
  anchors: readonly Uint8Array[],
  findings: Findings,
  notes: Notes,
): Promise<readonly Believed[]> {
  const names = [...new Set([...contents.places.values()].flatMap(({ stamp }) => stamp || []))].sort();
  const believed: Believed[] = [];
  const known = anchors.map((der) => readCertificate(der));
  for (const name of names) {
    const stamp = new StampFiles(contents, keys, log, findings, notes, name);
    const found = await stamp.check(known);
    if (found !== null) believed.push(found);
  }
  if (names.length > 0 && anchors.length === 0) findings.add("stamps", "", "", "", { names: names.join(", ") });
  if (believed.length > 0 && believed.length === names.length) {
    const authorities = [...new Set(believed.map((one) => readStampName(one.name).authority))].sort();
    findings.add("stamps-hold", "", "", "", { count: believed.length, names: authorities.join(", ") });
  }
  return believed;
}

function readStampName(name: string): { authority: string; size: number } {
  const at = name.lastIndexOf("-");
  return { authority: name.slice(0, at), size: Number(name.slice(at + 1)) };
}

class StampFiles {
  private readonly parts = new Map<StampPart, Uint8Array>();

  constructor(
    private readonly contents: Contents,
    private readonly keys: Keys,
    private readonly log: LogReader,
    private readonly findings: Findings,
    private readonly notes: Notes,
    private readonly name: string,
  ) {}

  /** Returns the stamp if everything in it holds and an anchor vouches for it. */
  async check(anchors: readonly Certificate[]): Promise<Believed | null> {
    for (const part of STAMP_PARTS) {
      const data = await this.contents.need(this.path(part));
      if (data !== null) this.parts.set(part, data);
    }
    if (this.parts.size < STAMP_PARTS.length) return null;
    const before = this.findings.failed();
    const { authority, size } = readStampName(this.name);
    const token = this.part("tsr");
    const text = await this.checkpoint(size);
    const entry = namedEntry("timestamp", `${authority}-${size}`, token);
    const index = await this.log.takeProof(this.path("tlog-proof"), this.part("tlog-proof"), entry, null);
    const chain = text === null ? null : await this.token(token, text);
    if (chain === null || text === null || anchors.length === 0) return null;
    const stamp = await this.vouched(token, text, anchors, chain);
    if (stamp === null || index === null || this.log.checkpoint === null || this.keys.log.length === 0) return null;
    return this.findings.failed() > before ? null : { name: this.name, size, index, stamp };
  }

  private path(part: StampPart): string {
    return stampPath(this.name, part);
  }

  private part(part: StampPart): Uint8Array {
    return this.parts.get(part) ?? new Uint8Array();
  }

  /** Returns the text that was stamped, if it is in form; what is wrong is a finding. */
  private async checkpoint(size: number): Promise<string | null> {
    const path = this.path("checkpoint");
    let text: string | null = null;
    await this.findings.under("stamp-checkpoint", path, async () => {
      const { checkpoint: stamped, note } = parseCheckpoint(this.part("checkpoint"));
      text = note.text;
      if (stamped.origin !== this.keys.origin || stamped.size !== size) {
        const expected = `${this.keys.origin} over ${size} entries`;
        throw new DoesNotHold("checkpoint", expected, `${stamped.origin} over ${stamped.size} entries`);
      }
      const key = pick(this.keys.log, note);
      if (key !== null) await this.notes.signedBy(note, key, path);
      await this.consistency(stamped);
    });
    return text;
  }

  private async consistency(stamped: Checkpoint): Promise<void> {
    const { checkpoint } = this.log;
    if (checkpoint === null) return;
    await this.findings.under("stamp-consistency", this.path("consistency"), () => {
      const { old, fresh, hashes } = readConsistency(this.part("consistency"));
      if (old !== stamped.size || fresh !== checkpoint.size) {
        const expected = `old ${stamped.size}, new ${checkpoint.size}`;
        throw new DoesNotHold("consistency", expected, `old ${old}, new ${fresh}`);
      }
      checkConsistency(old, fresh, stamped.root, checkpoint.root, hashes);
    });
  }

  /** Checks the token by the chain beside it, which is only what the package says of itself. */
  private async token(token: Uint8Array, text: string): Promise<readonly Certificate[] | null> {
    let found: readonly Certificate[] | null = null;
    await this.findings.under("form", this.path("pem"), async () => {
      const written = readPem(this.part("pem"));
      try {
        const chain = loadChain(written);
        checkSigner(token, chain[0]);
        await checkStamp(token, text, chain.slice(-1), chain.slice(0, -1));
        found = chain;
      } catch (error) {
        if (!(error instanceof AccompanyError)) throw error;
        if (error instanceof Unsupported) {
          this.findings.add("stamp-here", this.path("tsr"), "", error.message);
          return;
        }
        const expected = `a time stamp over ${writeHex(sha256(utf8(text)))} that the chain beside it vouches for`;
        this.findings.add("stamp-token", this.path("tsr"), expected, "none that holds");
      }
    });
    return found;
  }

  private async vouched(
    token: Uint8Array,
    text: string,
    anchors: readonly Certificate[],
    chain: readonly Certificate[],
  ): Promise<Stamp | null> {
    try {
      return await checkStamp(token, text, anchors, chain);
    } catch (error) {
      if (!(error instanceof AccompanyError)) throw error;
      const root = chain.at(-1)?.der ?? new Uint8Array();
      const found = `one whose root has SHA-256 ${writeHex(sha256(root))}`;
      this.findings.add("stamp-anchor", this.path("pem"), "an authority given", found);
      return null;
    }
  }
}
