/**
 * An attorney's keys in this browser: the signing key and the hybrid identity that a card names.
 * They lie in IndexedDB in clear until a later issue seals them, and the page says so: whoever has
 * this browser's files has the attorney's keys.
 *
 * Keys are kept before they are sent anywhere, so that no card is ever made for lost ones. Not here:
 * invitations and sessions (service), offers (call-notes).
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { type Table, openTable } from "./database";
import { DoesNotHold, Malformed } from "./errors";
import { type Card, cardVerifier, readCard } from "./evidence/cards";
import { Note, Signer } from "./evidence/notes";
import { readUtf8, sameBytes, utf8, writeBase64 } from "./evidence/text";
import { generateAgeKeys, recipientOf } from "./seal/age";

const DATABASE = "accompany-attorney";
const KEYS = "keys";
const CARD = "card";
const SIGNED_HERE = ["accompany/session/v1\n", "accompany/offer/v1\n"];

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
  /** signs a session or an offer, key name `attorney/<serial>`, and no other text */
  sign(text: string): string;
}

interface Kept {
  readonly seed: Uint8Array;
  readonly identity: string;
}

/** Returns this browser's keys, made and kept now where there are none yet. */
export async function makeAttorneyKeys(): Promise<AttorneyKeys> {
  const table = await open();
  let kept = readKept(await table.get(KEYS));
  if (!kept) {
    kept = { seed: ed25519.utils.randomSecretKey(), identity: (await generateAgeKeys()).identity };
    await table.put(KEYS, kept);
  }
  const key = writeBase64(ed25519.getPublicKey(kept.seed));
  return { recipient: await recipientOf(kept.identity), key };
}

/** Keeps the card that came for this browser's keys; throws if it names others. */
export async function keepCard(card: string): Promise<Attorney> {
  const table = await open();
  const attorney = await actFor(readKept(await table.get(KEYS)), card);
  await table.put(CARD, card);
  return attorney;
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
    sign(text) {
      if (!SIGNED_HERE.some((magic) => text.startsWith(magic))) {
        throw new Malformed("text to sign", "expected a session or an offer");
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
