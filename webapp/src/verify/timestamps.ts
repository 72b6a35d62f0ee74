/**
 * Trusted time: RFC 3161 tokens over a checkpoint's text. Twin of
 * src/accompany/evidence/timestamps.py, which asks OpenSSL; here the token is read strictly and the
 * browser's own cryptography judges it. Everything is judged at the time stamped. Not here: which
 * stamps a package has and what they say of its statements (stamps, brackets).
 */

import { AccompanyError, DoesNotHold, Malformed } from "../errors";
import { readBase64, sameBytes, utf8, writeBase64 } from "../evidence/text";
import { Unsupported, hashOf, verifyBy } from "./authority-keys";
import type { Stamp } from "./brackets";
import { type Certificate, readCertificate, selfIssued } from "./certificate";
import {
  type Element,
  GENERALIZED_TIME,
  OCTET_STRING,
  SEQUENCE,
  SET,
  algorithm as algorithmOf,
  elements,
  integer,
  malformed,
  of,
  oid,
  only,
  seconds,
  setOf,
  small,
  within,
} from "./der";
import { leadsTo } from "./x509";

const TOKEN_LIMIT = 256 * 1024;
const [SIGNED_DATA, TST_INFO] = ["1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"];
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const PEM = /-----BEGIN CERTIFICATE-----\n((?:[A-Za-z0-9+/]{1,64}={0,2}\n)+)-----END CERTIFICATE-----\n/g;
const ANY_PEM = /-----BEGIN (?:X509 )?CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END (?:X509 )?CERTIFICATE-----/g;

/** Returns the certificates (DER) in a package's PEM file; Malformed unless in its one written form. */
export function readPem(data: Uint8Array): Uint8Array[] {
  const text = Array.from(data, (byte) => String.fromCharCode(byte)).join("");
  const found = [...text.matchAll(PEM)].map(([, body = ""]) => decoded(body));
  if (found.length === 0 || found.map((der) => (der === null ? "" : writePem(der))).join("") !== text) {
    throw new Malformed("certificates", "expected PEM, one certificate or more, and nothing else");
  }
  return found.filter((der) => der !== null);
}

/** Returns the certificates (DER) in a PEM file somebody hands in, whatever stands between them. */
export function readAnchors(data: Uint8Array): Uint8Array[] {
  const text = new TextDecoder().decode(data);
  const found = [...text.matchAll(ANY_PEM)].map(([, body = ""]) => decoded(body));
  if (found.length === 0 || found.includes(null)) throw new Malformed("certificates", "expected PEM");
  return found.filter((der) => der !== null).map((der) => readCertificate(der).der);
}

function decoded(body: string): Uint8Array | null {
  try {
    return readBase64(body.replace(/\s/g, ""));
  } catch (error) {
    if (error instanceof AccompanyError) return null;
    throw error;
  }
}

function writePem(der: Uint8Array): string {
  const lines = writeBase64(der).match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** Returns the certificates in `chain`, signer first; throws unless the last is issued by itself. */
export function loadChain(chain: readonly Uint8Array[]): Certificate[] {
  const found = chain.map((der) => readCertificate(der));
  const root = found.at(-1);
  if (root === undefined || !selfIssued(root)) {
    throw new DoesNotHold("chain", "a root, issued by itself, at the end", "none");
  }
  return found;
}

interface Token {
  readonly info: Uint8Array;
  readonly certificates: readonly Certificate[];
  readonly signer: readonly Element[];
  /** the hashes that the token says it was made with; the signer's must be among them */
  readonly hashes: readonly (string | null)[];
}

/**
 * Returns when `text` was stamped, as one of `anchors` vouches; throws otherwise. `chain` helps to
 * find the way to an anchor and is not believed. Unsupported where this browser cannot tell.
 */
export async function checkStamp(
  data: Uint8Array,
  text: string,
  anchors: readonly Certificate[],
  chain: readonly Certificate[],
): Promise<Stamp> {
  const token = readToken(data);
  const info = within(only(token.info, SEQUENCE));
  await checkImprint(info[2], text);
  const time = readTime(info);
  const signer = signerOf(token);
  const fail = (what: string) => new DoesNotHold("time stamp", what, "another");
  if (!(await leadsTo(signer, chain, token.certificates, anchors, time / 1000))) throw fail("a way to an anchor");
  if (!(await signed(token, signer))) throw fail("a signature that holds");
  const spread = readAccuracy(info.find(({ tag }, at) => at > 4 && tag === SEQUENCE));
  return { time, earliest: time - spread, latest: time + spread + 999 };
}

function readToken(data: Uint8Array): Token {
  if (data.length > TOKEN_LIMIT) throw malformed("a token too large");
  const [status, content, more] = within(only(data, SEQUENCE));
  const granted = small(integer(within(status)[0]));
  if (granted !== 0) throw new DoesNotHold("time stamp", "status granted (0)", `status ${granted}`);
  const [kind, wrapped, extra] = within(content);
  if (more !== undefined || extra !== undefined || oid(kind) !== SIGNED_DATA) throw malformed("expected a token");
  const fields = within(within(wrapped, 0xa0)[0]);
  const [version, digests, held, ...rest] = fields;
  small(integer(version));
  const known = setOf(of(digests, SET)).map(hashOf);
  const [type, octets] = within(held);
  if (oid(type) !== TST_INFO) throw malformed("expected a time stamp in it");
  const certificates = rest[0]?.tag === 0xa0 ? setOf(rest.shift() as Element) : [];
  if (rest[0]?.tag === 0xa1) rest.shift();
  const [signers, behind] = rest;
  const [signer, second] = setOf(of(signers, SET));
  if (signer === undefined || second !== undefined || behind !== undefined) throw malformed("expected one signer");
  return {
    info: only(of(octets, 0xa0).content, OCTET_STRING).content,
    certificates: certificates.map(({ whole }) => readCertificate(whole, true)),
    signer: within(signer),
    hashes: known,
  };
}

async function checkImprint(imprint: Element | undefined, text: string): Promise<void> {
  const [algorithm, digest] = within(imprint);
  const hash = hashOf(algorithm);
  if (hash === null || hash === "SHA-1") throw new DoesNotHold("imprint", "by SHA-256, 384 or 512", "by another");
  const expected = new Uint8Array(await crypto.subtle.digest(hash, utf8(text) as Uint8Array<ArrayBuffer>));
  if (!sameBytes(of(digest, OCTET_STRING).content, expected)) throw new DoesNotHold("imprint", "of this text", "of another");
}

function readTime(info: readonly Element[]): number {
  return seconds(of(info[4], GENERALIZED_TIME)) * 1000;
}

/** Returns the accuracy in whole milliseconds, rounded up. */
function readAccuracy(element: Element | undefined): number {
  let spread = 0;
  for (const part of element === undefined ? [] : elements(element.content)) {
    if (part.tag === 2) spread += 1000 * small(integer(part));
    else if (part.tag === 0x80) spread += small(part.content);
    else if (part.tag === 0x81) spread += Math.ceil(small(part.content) / 1000);
    else throw malformed("expected an accuracy");
  }
  return spread;
}

/** Throws unless the certificate in the token that its signer names is the one beside it. */
export function checkSigner(data: Uint8Array, signer: Certificate | undefined): void {
  if (signer === undefined || !sameBytes(signerOf(readToken(data)).der, signer.der)) {
    throw new DoesNotHold("time stamp", "the signer's certificate beside it", "another");
  }
}

/** Returns the certificate in the token that its one signer names. */
function signerOf({ certificates, signer }: Token): Certificate {
  const [issuer, serial] = within(signer[1]);
  const found = certificates.find(
    (one) => sameBytes(one.issuer, of(issuer, SEQUENCE).whole) && sameBytes(one.serial, integer(serial)),
  );
  if (found === undefined) throw new DoesNotHold("time stamp", "the signer's certificate", "none");
  return found;
}

async function signed({ info, signer, hashes }: Token, certificate: Certificate): Promise<boolean> {
  const [version, , algorithm, ...rest] = signer;
  small(integer(version));
  const hash = hashOf(algorithm);
  if (hash === null) throw new Unsupported("digest");
  if (!hashes.includes(hash)) return false;
  const attributes = rest[0]?.tag === 0xa0 ? (rest.shift() as Element) : null;
  const [kind, value] = rest;
  algorithmOf(kind);
  const signature = of(value, OCTET_STRING).content;
  if (attributes === null) return await verifyBy(certificate, hash, info, signature);
  const digest = attributeOf(attributes, MESSAGE_DIGEST);
  const expected = new Uint8Array(await crypto.subtle.digest(hash, info as Uint8Array<ArrayBuffer>));
  if (digest === null || !sameBytes(digest, expected)) return false;
  // They are signed as a SET, and written under another tag.
  const written = Uint8Array.from(attributes.whole);
  written[0] = SET;
  return await verifyBy(certificate, hash, written, signature);
}

function attributeOf(attributes: Element, wanted: string): Uint8Array | null {
  for (const attribute of setOf(attributes)) {
    const [name, values] = within(attribute);
    if (oid(name) !== wanted) continue;
    const [value] = setOf(of(values, SET));
    return of(value, OCTET_STRING).content;
  }
  return null;
}
