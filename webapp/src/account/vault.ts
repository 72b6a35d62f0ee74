/**
 * A person's keys, sealed: one age file of ours, to a recipient whose identity is derived from a secret
 * that a passkey (PRF) or a sheet of paper holds. The server keeps the file and cannot open it.
 *
 * The sheet's secret is 128 bits, written as twelve words; from it come the identity and, apart from
 * it, the token that lets its holder in. Not here: passkeys, words.
 */

import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bech32 } from "@scure/base";
import { Malformed } from "../errors";
import { readBase64, readUtf8, utf8, writeBase64 } from "../evidence/text";
import { opener, recipientOf, sealer } from "../seal/age";
import { isRecord } from "../shape";

/** The two keys an attorney's card names. */
export interface KeyBundle {
  /** 32 bytes: the signing key */
  readonly seed: Uint8Array;
  /** `AGE-SECRET-KEY-PQ-1…` */
  readonly identity: string;
}

export const SHEET_BYTES = 16;
const NONE = new Uint8Array();

/** The age identity that `secret` stands for; the same for ever. */
export function identityOf(secret: Uint8Array): string {
  const seed = hkdf(sha256, secret, NONE, utf8("accompany/vault/v1"), 32);
  return bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase();
}

/** What a sheet's holder shows to be let in; says nothing about the identity. */
export function tokenOf(secret: Uint8Array): Uint8Array {
  return hkdf(sha256, secret, NONE, utf8("accompany/recovery/v1"), 32);
}

/** Seals `bundle`, so that `secret` opens it. */
export async function sealKeys(bundle: KeyBundle, secret: Uint8Array): Promise<Uint8Array> {
  const text = JSON.stringify({ seed: writeBase64(bundle.seed), identity: bundle.identity });
  return sealer(await recipientOf(identityOf(secret)))(utf8(text));
}

/** Opens what `sealKeys` made; throws where `secret` is another, or what is inside is no bundle. */
export async function openKeys(sealed: Uint8Array, secret: Uint8Array): Promise<KeyBundle> {
  const text = readUtf8("sealed keys", await opener(identityOf(secret))(sealed));
  const found: unknown = JSON.parse(text);
  if (!isRecord(found) || typeof found["seed"] !== "string" || typeof found["identity"] !== "string") {
    throw new Malformed("sealed keys", "expected seed and identity");
  }
  return { seed: readBase64(found["seed"], 32), identity: found["identity"] };
}
