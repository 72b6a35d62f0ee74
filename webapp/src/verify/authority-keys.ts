/**
 * The keys of time-stamp authorities, and what they signed, by the browser's own cryptography. What
 * a browser does not know is Unsupported, not refused. Not here: who vouches for a key (x509).
 */

import { AccompanyError } from "../errors";
import { sameBytes } from "../evidence/text";
import { type Certificate, EC } from "./certificate";
import { type Element, NULL, SEQUENCE, algorithm, integer, malformed, oid, only, small, within } from "./der";

/** A kind of key, signature or restriction that this browser cannot judge. */
export class Unsupported extends AccompanyError {
  override name = "Unsupported";
}

type Bytes = Uint8Array<ArrayBuffer>;

const HASHES: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "SHA-1",
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
};
const RSA = "1.2.840.113549.1.1.1";
const PSS = "1.2.840.113549.1.1.10";
const EDWARDS = "1.3.101.112";
const CURVES: Readonly<Record<string, readonly [string, number]>> = {
  "1.2.840.10045.3.1.7": ["P-256", 32],
  "1.3.132.0.34": ["P-384", 48],
  "1.3.132.0.35": ["P-521", 66],
};
/** Curves that OpenSSL knows and browsers do not. */
const FOREIGN_CURVE =
  /^(?:1\.3\.132\.0\.\d\d?|1\.3\.36\.3\.3\.2\.8\.1\.1\.\d\d?|1\.2\.156\.10197\.1\.301)$/;
/** Signatures that OpenSSL knows and browsers, for good reasons, do not. */
const FOREIGN_SIGNATURE = /^1\.2\.840\.(?:113549\.1\.1\.(?:[234]|1[4-6])|10045\.4\.3\.1|10040\.4\.3)$/;
/** What certificates are signed with: the hash, and the kind of key. */
const SIGNED_BY: Readonly<Record<string, readonly [string, string]>> = {
  "1.2.840.113549.1.1.5": [RSA, "SHA-1"],
  "1.2.840.113549.1.1.11": [RSA, "SHA-256"],
  "1.2.840.113549.1.1.12": [RSA, "SHA-384"],
  "1.2.840.113549.1.1.13": [RSA, "SHA-512"],
  "1.2.840.10045.4.1": [EC, "SHA-1"],
  "1.2.840.10045.4.3.2": [EC, "SHA-256"],
  "1.2.840.10045.4.3.3": [EC, "SHA-384"],
  "1.2.840.10045.4.3.4": [EC, "SHA-512"],
  [EDWARDS]: [EDWARDS, ""],
};

/** Whether the key above is one, and of the kind that the certificate below says it is signed by. */
export async function fits(above: Certificate, below: Certificate): Promise<boolean> {
  const id = algorithm(only(below.inner, SEQUENCE));
  const kind = id === PSS ? RSA : SIGNED_BY[id]?.[0];
  if (FOREIGN_SIGNATURE.test(id)) throw new Unsupported(`signature ${id}`);
  return kind === above.keyKind && (await keyOf(above, "SHA-256")) !== null;
}

/** Whether the key above signed the certificate below. */
export async function issued(above: Certificate, below: Certificate): Promise<boolean> {
  if (!sameBytes(below.inner, below.algorithm)) return false;
  const [name, parameters] = within(only(below.algorithm, SEQUENCE));
  const id = oid(name);
  if (id === PSS) return await verifyPss(above, parameters, below);
  const known = SIGNED_BY[id];
  if (known?.[0] !== above.keyKind) return false;
  return await verifyBy(above, known[1], below.signed, below.signature);
}

async function verifyPss(above: Certificate, parameters: Element | undefined, below: Certificate): Promise<boolean> {
  const fields = parameters === undefined ? [] : within(parameters);
  const field = (tag: number) => fields.find((one) => one.tag === tag);
  const [hash, salt] = [field(0xa0), field(0xa2)];
  const name = hash === undefined ? "SHA-1" : HASHES[oid(within(within(hash, 0xa0)[0])[0])];
  if (name === undefined || above.keyKind !== RSA) throw new Unsupported("RSASSA-PSS");
  const length = salt === undefined ? 20 : small(integer(within(salt, 0xa2)[0]));
  const algorithm = { name: "RSA-PSS", hash: name };
  const key = await imported(above.key, algorithm);
  if (key === null) return false;
  const given = { name: "RSA-PSS", saltLength: length };
  return await crypto.subtle.verify(given, key, below.signature as Bytes, below.signed as Bytes);
}

/** The hash that an algorithm identifier names, as browsers call it; null for others. */
export function hashOf(identifier: Element | undefined): string | null {
  const [kind, parameters, more] = within(identifier);
  const none = parameters === undefined || (parameters.tag === NULL && parameters.content.length === 0);
  if (!none || more !== undefined) throw malformed("a hash of other parameters");
  return HASHES[oid(kind)] ?? null;
}

/** Whether `signature` over `data` is by the key in `certificate`, with `hash`. */
export async function verifyBy(
  certificate: Certificate,
  hash: string,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = await keyOf(certificate, hash);
  if (key === null) return false;
  const size = CURVES[certificate.curve]?.[1];
  const value = size === undefined ? signature : rawSignature(signature, size);
  const given = { name: key.algorithm.name, hash };
  return value !== null && (await crypto.subtle.verify(given, key, value as Bytes, data as Bytes));
}

/** The key in a certificate, for signatures with `hash`; null where it is none. */
async function keyOf({ key, keyKind, curve }: Certificate, hash: string): Promise<CryptoKey | null> {
  if (keyKind === RSA) return await imported(key, { name: "RSASSA-PKCS1-v1_5", hash });
  if (keyKind === EDWARDS) return await imported(key, { name: "Ed25519" });
  if (keyKind !== EC) return null;
  const known = CURVES[curve];
  if (known === undefined && FOREIGN_CURVE.test(curve)) throw new Unsupported(`curve ${curve}`);
  if (known === undefined) return null;
  return await imported(key, { name: "ECDSA", namedCurve: known[0] });
}

async function imported(
  spki: Uint8Array,
  algorithm: { name: string; hash?: string; namedCurve?: string },
): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("spki", spki as Bytes, algorithm, false, ["verify"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") throw new Unsupported(algorithm.name);
    return null;
  }
}

/** An ECDSA signature as browsers want it: r and s, `size` bytes each; null where they are none. */
function rawSignature(signature: Uint8Array, size: number): Bytes | null {
  const raw = new Uint8Array(2 * size);
  const [r, s, more] = within(only(signature, SEQUENCE)).map(integer);
  if (r === undefined || s === undefined || more !== undefined) return null;
  for (const [at, value] of [r, s].entries()) {
    const plain = value[0] === 0 ? value.subarray(1) : value;
    if (plain.length > size || (value[0] ?? 0) >= 0x80) return null;
    raw.set(plain, (at + 1) * size - plain.length);
  }
  return raw;
}
