/**
 * The signed offer and answer of a call (docs/live.md, "The call"), and every check that keeps a
 * server from sitting in the middle. Whatever does not hold is a `CallRefused`, with a word for the
 * screen. Pure: notes, keys and the time in, values out; connections are in `peer.ts`.
 */

import type { Ahead } from "./live-contracts";
import { cardVerifier, openCard, type Card } from "./evidence/cards";
import { Verifier, openNote } from "./evidence/notes";
import { digestOf, openOpening, recordingVerifier } from "./evidence/statements";
import { Lines, readBase32, readHex, readTime, utf8, writeHex, writeLines, writeTime } from "./evidence/text";

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

type AheadNote = Omit<Answer, "offer">;

/** What a phone signs of the connection that it offers before anybody has answered. */
export function writeAhead(ahead: AheadNote): string {
  return writeLines("accompany/ahead/v1", [
    ["encounter", ahead.encounter],
    ["recording", ahead.recording],
    ["fingerprint", ahead.fingerprint],
    ["expires", writeTime(ahead.expires)],
  ]);
}

function readAhead(text: string): AheadNote {
  const lines = new Lines("ahead", "accompany/ahead/v1", text);
  const ahead = {
    encounter: lines.take("encounter"),
    recording: lines.take("recording"),
    fingerprint: writeHex(readHex(lines.take("fingerprint"), 32)),
    expires: readTime(lines.take("expires")),
  };
  lines.end();
  return ahead;
}

export const noteDigest = (note: string): string => writeHex(digestOf(utf8(note)));

interface Reply extends Offer {
  serial: string;
  /** hex SHA-256 of the offer's signed note */
  offer: string;
}

/** What an attorney says to an interpreter's offer, as a phone says `accompany/answer/v1`. */
export function writeReply(reply: Reply): string {
  return writeLines("accompany/reply/v1", [
    ["encounter", reply.encounter],
    ["serial", reply.serial],
    ["fingerprint", reply.fingerprint],
    ["offer", reply.offer],
    ["expires", writeTime(reply.expires)],
  ]);
}

function readReply(text: string): Reply {
  const lines = new Lines("reply", "accompany/reply/v1", text);
  const reply = {
    encounter: lines.take("encounter"),
    serial: readBase32(lines.take("serial")),
    fingerprint: writeHex(readHex(lines.take("fingerprint"), 32)),
    offer: writeHex(readHex(lines.take("offer"), 32)),
    expires: readTime(lines.take("expires")),
  };
  lines.end();
  return reply;
}

/** Fresh means: not expired, and not signed for longer than an offer lives (with a minute's grace). */
function checkFresh(expires: number, now: number): void {
  if (expires < now || expires > now + 2 * OFFER_LIFE) throw new CallRefused("expired");
}

export interface Expected {
  encounter: string;
  now: number;
}

/**
 * The check of an attorney: the card by the pinned organization's key, valid now, and with a license.
 * Nobody is taken for a lawyer who is none, whatever the server says.
 */
export function acceptCard(card: string, organizationKey: string, now: number): Card {
  return checkedCard(card, organizationKey, now, true);
}

/** The check of an interpreter: the same, but for the license. A lawyer is not the third in a call. */
export function acceptThird(card: string, organizationKey: string, now: number): Card {
  return checkedCard(card, organizationKey, now, false);
}

function checkedCard(card: string, organizationKey: string, now: number, licensed: boolean): Card {
  const found = must("card", () => openCard(utf8(card), Verifier.parse(organizationKey), now));
  if (found.licenses.length > 0 !== licensed) throw new CallRefused("card");
  return found;
}

/** A description of a connection with an interpreter: one sound and the data channel, no picture. */
export function checkSoundOnly(description: RTCSessionDescriptionInit): void {
  const media = (description.sdp ?? "").split(/[\r\n]+/).filter((line) => /^\s*m\s*=/i.test(line));
  const sounds = media.filter((line) => line.startsWith("m=audio "));
  const channels = media.filter((line) => line.startsWith("m=application "));
  if (sounds.length > 1 || channels.length > 1 || sounds.length + channels.length !== media.length) {
    throw new CallRefused(description.type === "answer" ? "answer" : "offer");
  }
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

/** The interpreter's check of an attorney's reply to the offer note `offered`; returns the fingerprint. */
export function acceptReply(
  offered: string,
  card: Card,
  note: string,
  description: RTCSessionDescriptionInit,
  { encounter, now }: Expected,
): string {
  const reply = must("answer", () => readReply(openNote(utf8(note), cardVerifier(card.serial, card.key), "reply")));
  if (reply.serial !== card.serial || description.type !== "answer") throw new CallRefused("answer");
  if (reply.encounter !== encounter) throw new CallRefused("encounter");
  if (reply.offer !== noteDigest(offered)) throw new CallRefused("offer");
  checkFresh(reply.expires, now);
  if (fingerprintOf(description) !== reply.fingerprint) throw new CallRefused("fingerprint");
  return reply.fingerprint;
}

export interface Accepted {
  recording: string;
  fingerprint: string;
}

/** The key that an opening of this encounter names, and the recording's id. */
function openedBy(opening: string, encounter: string): { recording: string; verifier: Verifier } {
  const opened = must("opening", () => openOpening(utf8(opening)));
  if (opened.encounter !== encounter) throw new CallRefused("encounter");
  return { recording: opened.recording, verifier: recordingVerifier(opened.key) };
}

/** The console's check of what a phone offers ahead, by the key that the opening names. */
export function acceptAhead({ note, opening, description }: Ahead, { encounter, now }: Expected): Accepted {
  const { recording, verifier } = openedBy(opening, encounter);
  const ahead = must("offer", () => readAhead(openNote(utf8(note), verifier, "ahead")));
  if (ahead.recording !== recording || description.type !== "offer") throw new CallRefused("offer");
  if (ahead.encounter !== encounter) throw new CallRefused("encounter");
  checkFresh(ahead.expires, now);
  if (fingerprintOf(description) !== ahead.fingerprint) throw new CallRefused("fingerprint");
  return { recording, fingerprint: ahead.fingerprint };
}

/** The console's check of an answer to the offer note `offered`, by the key that the opening names. */
export function acceptAnswer(
  offered: string,
  opening: string,
  note: string,
  description: RTCSessionDescriptionInit,
  { encounter, now }: Expected,
): Accepted {
  const { recording, verifier } = openedBy(opening, encounter);
  const answer = must("answer", () => readAnswer(openNote(utf8(note), verifier, "answer")));
  if (answer.recording !== recording) throw new CallRefused("answer");
  if (answer.encounter !== encounter) throw new CallRefused("encounter");
  if (answer.offer !== noteDigest(offered)) throw new CallRefused("offer");
  if (description.type !== "answer") throw new CallRefused("answer");
  checkFresh(answer.expires, now);
  if (fingerprintOf(description) !== answer.fingerprint) throw new CallRefused("fingerprint");
  return { recording: answer.recording, fingerprint: answer.fingerprint };
}
