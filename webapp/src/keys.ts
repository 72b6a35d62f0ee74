/**
 * An attorney's keys in this browser: the signing key and the hybrid identity that a card names.
 * Where a passkey seals them (account/) they are in this page's memory and nowhere else. Where none
 * does, they lie in IndexedDB in clear, and the page says so: whoever has this browser's files has them.
 *
 * Not here: invitations and sessions (service), offers (call-notes), sealing (account/vault).
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import type { KeyBundle } from "./account/vault";
import { type Table, openTable } from "./database";
import { DoesNotHold, Malformed } from "./errors";
import { type Card, cardVerifier, readCard } from "./evidence/cards";
import { Note, Signer } from "./evidence/notes";
import { readUtf8, sameBytes, utf8, writeBase64 } from "./evidence/text";
import { generateAgeKeys, recipientOf } from "./seal/age";

const DATABASE = "accompany-attorney";
const KEYS = "keys";
const CARD = "card";
const WAITING = "waiting";
const SIGNED_HERE = ["accompany/session/v1\n", "accompany/offer/v1\n", "accompany/reply/v1\n", "accompany/grant/v1\n", "accompany/case-note/v1\n", "accompany/case-document/v1\n", "accompany/closing-letter/v1\n", "accompany/opened/v1\n"];

/** What an invitation is accepted with. */
export interface AttorneyKeys {
  /** age recipient */
  readonly recipient: string;
  /** base64 of the signing key's public half */
  readonly key: string;
}

/** An enrolled attorney, as this browser can act for them. */
export interface Attorney {
  readonly serial: string;
  readonly name: string;
  /** the card's signed note; who believes it checks it with the organization's key (`openCard`) */
  readonly card: string;
  /** `AGE-SECRET-KEY-PQ-1…`: opens recordings granted to the card */
  readonly identity: string;
  /** the vkey that the signature is checked with */
  readonly verifier: string;
  /** signs a session, an offer, a reply, a grant, a note, document or letter of a case or what was opened, key name `attorney/<serial>`, and no other text */
  sign(text: string): string;
  /** the keys themselves, for sealing them to a passkey or a sheet */
  readonly keys: KeyBundle;
}

type Kept = KeyBundle;

/** Somebody whose card a coordinator has still to sign: who they are, and keys made in this browser. */
export interface Waiting {
  readonly person: string;
  readonly name: string;
  readonly keys: KeyBundle;
}

/** Signs a session of somebody who waits: key name `person/<id>`, and no other text. */
export function signWaiting({ person, keys }: Waiting, text: string): string {
  if (!text.startsWith("accompany/session/v1\n")) throw new Malformed("text to sign", "expected a session");
  return readUtf8("note", new Signer(`person/${person}`, keys.seed).sign(text));
}

/** Keeps who waits in this browser, in clear: for whom no passkey seals the keys. */
export async function keepWaiting({ person, name, keys }: Waiting): Promise<void> {
  const table = await open();
  await table.put(KEYS, { seed: keys.seed, identity: keys.identity });
  await table.put(WAITING, { person, name });
  // A card from before, of other keys or another organization, counts no more.
  await table.delete(CARD);
}

/** Returns who waits in this browser, or null. */
export async function loadWaiting(): Promise<Waiting | null> {
  const table = await open();
  const [keys, value] = [readKept(await table.get(KEYS)), await table.get(WAITING)];
  if (keys === null || typeof value !== "object" || value === null) return null;
  const { person, name } = value as { person?: unknown; name?: unknown };
  return typeof person === "string" && typeof name === "string" ? { person, name, keys } : null;
}

/** Returns fresh keys, in memory alone. */
export async function freshKeys(): Promise<KeyBundle> {
  return { seed: ed25519.utils.randomSecretKey(), identity: (await generateAgeKeys()).identity };
}

/** What an invitation is accepted with, of these keys. */
export async function publicKeys(keys: KeyBundle): Promise<AttorneyKeys> {
  return { recipient: await recipientOf(keys.identity), key: writeBase64(ed25519.getPublicKey(keys.seed)) };
}

/** Returns the attorney whom `card` names, with keys that came from elsewhere; throws if it names others. */
export const actWith = (keys: KeyBundle, card: string): Promise<Attorney> => actFor(keys, card);

/** Whether keys lie in this browser's storage, in clear. */
export async function keysLieHere(): Promise<boolean> {
  return readKept(await (await open()).get(KEYS)) !== null;
}

/** Keeps keys and card in this browser, in clear: for whom no passkey seals them. */
export async function keepInClear(attorney: Attorney): Promise<void> {
  const table = await open();
  await table.put(KEYS, { seed: attorney.keys.seed, identity: attorney.keys.identity });
  await table.put(CARD, attorney.card);
  await table.delete(WAITING);
}

/** Returns this browser's keys, made and kept now where there are none yet. */
export async function keptKeys(): Promise<KeyBundle> {
  const table = await open();
  let kept = readKept(await table.get(KEYS));
  if (!kept) {
    kept = await freshKeys();
    await table.put(KEYS, kept);
  }
  return kept;
}

/** Returns the attorney enrolled in this browser, or null. */
export async function loadAttorney(): Promise<Attorney | null> {
  const table = await open();
  const card = await table.get(CARD);
  return typeof card === "string" ? await actFor(readKept(await table.get(KEYS)), card) : null;
}

/** Forgets keys and card for good. Recordings granted to the card can then not be opened here. */
export async function forgetAttorney(): Promise<void> {
  const table = await open();
  await table.delete(CARD);
  await table.delete(WAITING);
  await table.delete(KEYS);
}

async function actFor(kept: Kept | null, note: string): Promise<Attorney> {
  const card = readCard(Note.parse(utf8(note)).text);
  if (!kept || !(await names(card, kept))) throw new DoesNotHold("card", "this browser's keys", "others");
  const signer = new Signer(cardVerifier(card.serial, card.key).name, kept.seed);
  return {
    serial: card.serial,
    name: card.name,
    card: note,
    identity: kept.identity,
    verifier: String(signer.verifier),
    keys: kept,
    sign(text) {
      if (!SIGNED_HERE.some((magic) => text.startsWith(magic))) {
        throw new Malformed("text to sign", "expected a session, an offer, a reply, a grant, a note or an opening");
      }
      return readUtf8("note", signer.sign(text));
    },
  };
}

async function names(card: Card, kept: Kept): Promise<boolean> {
  const own = sameBytes(card.key, ed25519.getPublicKey(kept.seed));
  return own && card.recipient === (await recipientOf(kept.identity));
}

async function open(): Promise<Table> {
  const table = await openTable(DATABASE);
  if (!table) throw new DoesNotHold("attorney's keys", "a browser that keeps them", "none");
  return table;
}

function readKept(value: unknown): Kept | null {
  if (typeof value !== "object" || value === null) return null;
  const { seed, identity } = value as Partial<Record<keyof Kept, unknown>>;
  if (!(seed instanceof Uint8Array) || seed.length !== 32 || typeof identity !== "string") return null;
  return { seed, identity };
}
