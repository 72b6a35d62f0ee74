/**
 * Sealing to people's keys (c2sp.org/age), hybrid post-quantum only. What the library takes beyond
 * our format is refused here: a file of ours has exactly one stanza, mlkem768x25519.
 *
 * Not here: who is sealed to, and where identities live (recorder.worker, keys).
 */

import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from "age-encryption";
import { DoesNotHold, Malformed } from "../errors";
import { RECIPIENT } from "../evidence/statements";

const IDENTITY = /^AGE-SECRET-KEY-PQ-1[A-Z0-9]{58}$/;
const VERSION = "age-encryption.org/v1\n";
const STANZA = "-> mlkem768x25519 ";
const HEADER_LIMIT = 4096;

export interface AgeKeys {
  /** `AGE-SECRET-KEY-PQ-1…`: opens everything sealed to the recipient. */
  readonly identity: string;
  readonly recipient: string;
}

export async function generateAgeKeys(): Promise<AgeKeys> {
  const identity = await generateHybridIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

export async function recipientOf(identity: string): Promise<string> {
  if (!IDENTITY.test(identity)) throw new Malformed("age identity", "expected AGE-SECRET-KEY-PQ-1…");
  return await identityToRecipient(identity);
}

/** Returns a function that seals to `recipient`: a fresh file key each time, one stanza. */
export function sealer(recipient: string): (data: Uint8Array) => Promise<Uint8Array> {
  const encrypter = encrypterTo(recipient);
  return (data) => encrypter.encrypt(data);
}

function encrypterTo(recipient: string): Encrypter {
  if (!RECIPIENT.test(recipient)) throw new Malformed("age recipient", `found ${recipient.slice(0, 40)}`);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter;
}

export interface Sealer {
  /** Seals `data`: a fresh file key each time, one stanza. */
  seal(data: Uint8Array): Promise<Uint8Array>;
  /** Does ahead what needs no data, nine tenths of the work: the next file's key, sealed to the recipient. */
  prepare(): void;
}

/** As `sealer`, for what must be sealed at once when it comes. */
export function readySealer(recipient: string): Sealer {
  const encrypter = encrypterTo(recipient);
  let next: Begun | null = null;
  return {
    async seal(data) {
      const { give, sealed } = next ?? begin(encrypter);
      next = null; // a file key seals one file
      give(data);
      return await sealed;
    },
    prepare: () => void (next ??= begin(encrypter)),
  };
}

interface Begun {
  readonly give: (data: Uint8Array) => void;
  readonly sealed: Promise<Uint8Array>;
}

/** Begins a file: its header is made now, its data may come later. */
function begin(encrypter: Encrypter): Begun {
  let give: Begun["give"] = () => undefined;
  const data = new ReadableStream<Uint8Array>({
    start: (controller) => {
      give = (all) => {
        controller.enqueue(all);
        controller.close();
      };
    },
  });
  const sealed = encrypter.encrypt(data).then(async (file) => new Uint8Array(await new Response(file).arrayBuffer()));
  return { give, sealed };
}

/** Returns a function that opens age files of ours with `identity`; all of a file or nothing. */
export function opener(identity: string): (file: Uint8Array) => Promise<Uint8Array> {
  if (!IDENTITY.test(identity)) throw new Malformed("age identity", "expected AGE-SECRET-KEY-PQ-1…");
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return async (file) => {
    checkHeader(file);
    try {
      return await decrypter.decrypt(file);
    } catch (error) {
      throw new DoesNotHold("age file", "one this identity opens", String(error));
    }
  };
}

/**
 * Returns a function that gives the key of one age file of ours, 16 bytes, which opens that file and no
 * other. Our headers are short: more than HEADER_LIMIT bytes of one are refused.
 */
export function fileKeyOpener(identity: string): (file: Uint8Array) => Promise<Uint8Array> {
  if (!IDENTITY.test(identity)) throw new Malformed("age identity", "expected AGE-SECRET-KEY-PQ-1…");
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return async (file) => {
    checkHeader(file);
    const start = file.subarray(0, HEADER_LIMIT);
    const end = start.indexOf(0x0a, new TextDecoder("latin1").decode(start).indexOf("\n--- ") + 1) + 1;
    try {
      return await decrypter.decryptHeader(start.subarray(0, end));
    } catch (error) {
      throw new DoesNotHold("age file", "one this identity opens", String(error));
    }
  };
}

/** Refuses a file whose header is not one hybrid stanza; what is in it only `opener` can tell. */
export function checkHeader(file: Uint8Array): void {
  const start = new TextDecoder("latin1").decode(file.subarray(0, HEADER_LIMIT));
  const end = start.indexOf("\n--- ");
  if (!start.startsWith(VERSION) || end < 0) throw new Malformed("age file", "expected an age v1 header");
  const stanzas = start.slice(VERSION.length - 1, end).split("\n-> ").length - 1;
  if (stanzas !== 1 || !start.startsWith(STANZA, VERSION.length)) {
    throw new Malformed("age file", `expected one stanza mlkem768x25519, found ${stanzas}`);
  }
}
