/**
 * The signed offer and answer of a call (docs/live.md, "The call"), and every check that keeps a
 * server from sitting in the middle. Whatever does not hold is a `CallRefused`, with a word for the
 * screen. Pure: notes, keys and the time in, values out; connections are in `peer.ts`.
 */

import { cardVerifier, openCard, type Card } from "./evidence/cards";
import { Verifier, openNote } from "./evidence/notes";
import { digestOf, openOpening, recordingVerifier } from "./evidence/statements";
import { Lines, readHex, readTime, utf8, writeHex, writeLines, writeTime } from "./evidence/text";

export const OFFER_LIFE = 60_000;

/** What did not hold; the words are keys of the language files (`refused.…`). */
export type Refusal = "card" | "offer" | "answer" | "opening" | "encounter" | "expired" | "fingerprint";

export class CallRefused extends Error {
  constructor(
    readonly what: Refusal,
    cause?: unknown,
  ) {
    super(`the call's ${what} does not hold`, { cause });
    this.name = "CallRefused";
  }
}

/** Runs a check; whatever it throws becomes the refusal `what`. */
function must<T>(what: Refusal, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof CallRefused ? error : new CallRefused(what, error);
  }
}

const FINGERPRINT = /^a=fingerprint:sha-256 ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31})$/;

/**
 * The DTLS certificate's SHA-256 that a description shows, in hex. Every line that so much as names a
 * fingerprint must be in the one form and show the same one: a second one would be believed as well.
 */
export function fingerprintOf(description: RTCSessionDescriptionInit): string {
  const named = (description.sdp ?? "").split(/[\r\n]+/).filter((line) => /fingerprint/i.test(line));
  const shown = new Set(named.map((line) => FINGERPRINT.exec(line)?.[1]?.toLowerCase()));
  const [only] = shown;
  if (shown.size !== 1 || only === undefined) throw new CallRefused("fingerprint");
  return only.replaceAll(":", "");
}

interface Offer {
  encounter: string;
  fingerprint: string;
  expires: number;
}

export function writeOffer(offer: Offer): string {
  return writeLines("accompany/offer/v1", [
    ["encounter", offer.encounter],
    ["fingerprint", offer.fingerprint],
    ["expires", writeTime(offer.expires)],
  ]);
}

function readOffer(text: string): Offer {
  const lines = new Lines("offer", "accompany/offer/v1", text);
  const offer = {
    encounter: lines.take("encounter"),
    fingerprint: writeHex(readHex(lines.take("fingerprint"), 32)),
    expires: readTime(lines.take("expires")),
  };
  lines.end();
  return offer;
}

interface Answer extends Offer {
  recording: string;
  /** hex SHA-256 of the offer's signed note */
  offer: string;
}

export function writeAnswer(answer: Answer): string {
  return writeLines("accompany/answer/v1", [
    ["encounter", answer.encounter],
    ["recording", answer.recording],
    ["fingerprint", answer.fingerprint],
    ["offer", answer.offer],
    ["expires", writeTime(answer.expires)],
  ]);
}

function readAnswer(text: string): Answer {
  const lines = new Lines("answer", "accompany/answer/v1", text);
  const answer = {
    encounter: lines.take("encounter"),
    recording: lines.take("recording"),
    fingerprint: writeHex(readHex(lines.take("fingerprint"), 32)),
    offer: writeHex(readHex(lines.take("offer"), 32)),
    expires: readTime(lines.take("expires")),
  };
  lines.end();
  return answer;
}

export const noteDigest = (note: string): string => writeHex(digestOf(utf8(note)));

/** Fresh means: not expired, and not signed for longer than an offer lives (with a minute's grace). */
function checkFresh(expires: number, now: number): void {
  if (expires < now || expires > now + 2 * OFFER_LIFE) throw new CallRefused("expired");
}

export interface Expected {
  encounter: string;
  now: number;
}

/** The phone's check of the attorney: the card by the pinned organization's key, valid now. */
export function acceptCard(card: string, organizationKey: string, now: number): Card {
  return must("card", () => openCard(utf8(card), Verifier.parse(organizationKey), now));
}

/** The phone's check of an offer; returns the fingerprint to expect. */
export function acceptOffer(
  card: Card,
  note: string,
  description: RTCSessionDescriptionInit,
  { encounter, now }: Expected,
): string {
  const offer = must("offer", () => readOffer(openNote(utf8(note), cardVerifier(card.serial, card.key), "offer")));
  if (description.type !== "offer") throw new CallRefused("offer");
  if (offer.encounter !== encounter) throw new CallRefused("encounter");
  checkFresh(offer.expires, now);
  if (fingerprintOf(description) !== offer.fingerprint) throw new CallRefused("fingerprint");
  return offer.fingerprint;
}

export interface Accepted {
  recording: string;
  fingerprint: string;
}

/** The console's check of an answer to the offer note `offered`, by the key that the opening names. */
export function acceptAnswer(
  offered: string,
  opening: string,
  note: string,
  description: RTCSessionDescriptionInit,
  { encounter, now }: Expected,
): Accepted {
  const opened = must("opening", () => openOpening(utf8(opening)));
  if (opened.encounter !== encounter) throw new CallRefused("encounter");
  const verifier = recordingVerifier(opened.key);
  const answer = must("answer", () => readAnswer(openNote(utf8(note), verifier, "answer")));
  if (answer.recording !== opened.recording) throw new CallRefused("answer");
  if (answer.encounter !== encounter) throw new CallRefused("encounter");
  if (answer.offer !== noteDigest(offered)) throw new CallRefused("offer");
  if (description.type !== "answer") throw new CallRefused("answer");
  checkFresh(answer.expires, now);
  if (fingerprintOf(description) !== answer.fingerprint) throw new CallRefused("fingerprint");
  return { recording: answer.recording, fingerprint: answer.fingerprint };
}
