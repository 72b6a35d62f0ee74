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
  if (!RECIPIENT.test(recipient)) throw new Malformed("age recipient", `found ${recipient.slice(0, 40)}`);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return (data) => encrypter.encrypt(data);
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
