/**
 * A recording device: one recording's keys, its chain, and what it signs and seals. Twin of
 * src/accompany/client/device.py. It lives in the recorder's worker, and the keys nowhere else.
 *
 * Nothing is sent or stored here, and no clock is looked at: times come in as milliseconds.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { ClosingReason, GapReason, Kind } from "./contracts";
import { DoesNotHold, Malformed } from "./errors";
import { grantText } from "./evidence/grants";
import { Signer } from "./evidence/notes";
import {
  type Chain,
  type Following,
  type Opening,
  digestOf,
  followChain,
  recordingId,
  startChain,
  writeStatement,
} from "./evidence/statements";
import { Lines, concat, readBase32, readHex, readTime, utf8 } from "./evidence/text";
import { type AgeKeys, type Sealer, generateAgeKeys, readySealer, sealer } from "./seal/age";

/** A statement ready to be sent: its signed note, and the sealed bytes of a segment. */
export interface Signed {
  readonly number: number;
  readonly note: Uint8Array;
  readonly digest: Uint8Array;
  readonly sealed: Uint8Array | null;
}

/** The lines of an opening that others set. */
export interface Purpose {
  readonly kind: Kind;
  readonly media: string;
  readonly encounter: string;
  readonly log: string;
  readonly after: Opening["after"];
  readonly continues: Opening["continues"];
  readonly client: string;
}

/** When something was: the device's clock, and milliseconds since the opening. */
export interface Moment {
  readonly time: number;
  readonly offset: number;
}

/** The two keys of a recording yet to be opened, and the first grants, made ahead. */
export interface Keys {
  readonly signer: Signer;
  readonly recording: string;
  readonly age: AgeKeys;
  readonly grants: readonly Uint8Array[];
}

/** Makes a recording's keys and grants its identity to the holders fixed before the press. */
export async function makeKeys(holders: readonly string[]): Promise<Keys> {
  const seed = ed25519.utils.randomSecretKey();
  const recording = recordingId(ed25519.getPublicKey(seed));
  const age = await generateAgeKeys();
  const grants = await Promise.all(holders.map((holder) => sealIdentity(age.identity, holder)));
  return { signer: new Signer(`recording/${recording}`, seed), recording, age, grants };
}

/** A grant holds the identity's one line, sealed to one holder. */
function sealIdentity(identity: string, holder: string): Promise<Uint8Array> {
  return sealer(holder)(utf8(`${identity}\n`));
}

export class Device {
  readonly opening: Signed;
  private chain: Chain;
  private identity: string | null;
  private readonly signer: Signer;
  private readonly sealing: Sealer;

  constructor(keys: Keys, purpose: Purpose, time: number) {
    this.signer = keys.signer;
    this.identity = keys.age.identity;
    this.sealing = readySealer(keys.age.recipient);
    const opening: Opening = {
      form: "opening",
      recording: keys.recording,
      number: 0,
      time,
      key: keys.signer.verifier.key,
      recipient: keys.age.recipient,
      grants: sha256(concat(...keys.grants)),
      ...purpose,
    };
    const note = this.signer.sign(writeStatement(opening));
    this.chain = startChain(opening, note);
    this.opening = { number: 0, note, digest: digestOf(note), sealed: null };
  }

  get recording(): string {
    return this.chain.recording;
  }

  get closed(): boolean {
    return this.chain.closed;
  }

  /** Whether the identity has been forgotten: nothing more can be granted. */
  get locked(): boolean {
    return this.identity === null;
  }

  /** Seals `data` to the recording's own recipient and states it. */
  async segment(data: Uint8Array, moment: Moment, duration: number): Promise<Signed> {
    const sealed = await this.sealing.seal(data);
    const content = { duration, size: sealed.length, sha256: sha256(sealed) };
    return this.sign({ form: "segment", ...this.head(moment), ...content }, sealed);
  }

  /** Makes the next segment's sealing shorter. Call it when nothing waits. */
  prepare(): void {
    this.sealing.prepare();
  }

  gap(moment: Moment, duration: number, reason: GapReason): Signed {
    return this.sign({ form: "gap", ...this.head(moment), duration, reason });
  }

  /** States how many segments there were; after it nothing more is signed. */
  closing(moment: Moment, reason: ClosingReason): Signed {
    return this.sign({ form: "closing", ...this.head(moment), segments: this.chain.segments, reason });
  }

  /** Seals the identity to one more holder and signs that this was meant. */
  async grant(holder: string, time: number): Promise<{ file: Uint8Array; note: Uint8Array }> {
    if (this.identity === null) throw new DoesNotHold("grant", "an identity", "a forgotten one");
    const file = await sealIdentity(this.identity, holder);
    return { file, note: this.signer.sign(grantText(this.recording, file, time)) };
  }

  /** Signs the answer to an attorney's offer, or an offer ahead of one (docs/live.md), and no other text. */
  answer(text: string, encounter: string): Uint8Array {
    const ahead = text.startsWith("accompany/ahead/v1\n");
    const lines = new Lines("answer", ahead ? "accompany/ahead/v1" : "accompany/answer/v1", text);
    const found = { encounter: readBase32(lines.take("encounter")), recording: readBase32(lines.take("recording")) };
    readHex(lines.take("fingerprint"), 32);
    if (!ahead) readHex(lines.take("offer"), 32);
    readTime(lines.take("expires"));
    lines.end();
    if (found.encounter !== encounter || found.recording !== this.recording) {
      throw new Malformed("answer", "expected this encounter and this recording");
    }
    return this.signer.sign(text);
  }

  /** Forgets the identity. Sealing goes on: it needs only the recipient. */
  lock(): void {
    this.identity = null;
  }

  private head({ time, offset }: Moment) {
    return { recording: this.recording, number: this.chain.last + 1, previous: this.chain.digest, time, offset };
  }

  private sign(statement: Following, sealed: Uint8Array | null = null): Signed {
    const note = this.signer.sign(writeStatement(statement));
    // Before anything else can be signed: a number is never signed twice.
    this.chain = followChain(this.chain, statement, note);
    return { number: statement.number, note, digest: this.chain.digest, sealed };
  }
}
