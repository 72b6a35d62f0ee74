/**
 * A caller's own key: everything comes from the 128 bits of one sheet of paper, each use with a label
 * of its own (HKDF-SHA-256). The server has nothing of it. Not here: passkeys, what lies on the phone.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { identityOf } from "../account/vault";
import { utf8, writeBase64 } from "../evidence/text";
import { locatorOf } from "../opening";
import type { Place } from "./kept";

/** How many places, and tokens, are claimed together. */
export const BATCH = 64;

export interface OwnKey {
  /** `AGE-SECRET-KEY-PQ-1…`: opens what is granted to the caller */
  readonly identity: string;
  /** 32 bytes: tokens, locators and deletion keys come from it */
  readonly seed: Uint8Array;
}

const NONE = new Uint8Array();
const derive = (secret: Uint8Array, label: string): Uint8Array => hkdf(sha256, secret, NONE, utf8(label), 32);

/** The key that `secret`, a sheet's 16 bytes, stands for; the same for ever. */
export function ownKeyOf(secret: Uint8Array): OwnKey {
  return { identity: identityOf(derive(secret, "accompany/caller/v1")), seed: derive(secret, "accompany/seed/v1") };
}

export const tokenAt = ({ seed }: OwnKey, number: number): Uint8Array => derive(seed, `accompany/token/v1 ${number}`);

/** What finds and reads the recordings of a place. */
export const secretAt = ({ seed }: OwnKey, number: number): Uint8Array =>
  derive(seed, `accompany/locator-secret/v1 ${number}`);

/** What signs the wish that they be deleted. */
export const deletionKeyAt = ({ seed }: OwnKey, number: number): Uint8Array =>
  derive(seed, `accompany/deletion-key/v1 ${number}`);

/** What a link that was given away stands for: an identity to grant to, and what shows the pass. */
export function linkKeyOf(secret: Uint8Array): { identity: string; pass: Uint8Array } {
  return {
    identity: identityOf(derive(secret, "accompany/shared/v1")),
    pass: derive(secret, "accompany/pass/v1"),
  };
}

/** What a press needs of a place, made ahead so that nothing has to be unlocked then. */
export function placeAt(key: OwnKey, number: number): Place {
  return {
    token: writeBase64(tokenAt(key, number)),
    locator: locatorOf(secretAt(key, number)),
    deletion: writeBase64(ed25519.getPublicKey(deletionKeyAt(key, number))),
  };
}
