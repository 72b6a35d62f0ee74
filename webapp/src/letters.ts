/**
 * A closing letter, with what was written in the chat: signed by the attorney's card key, sealed in
 * their browser to a recording's key, and opened by its caller, who holds that key.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { openPaper, openSigned, putPaper, sealPaper } from "./attorney/sealed-papers";
import { identityIn } from "./attorney/resealing";
import type { ChatEntry } from "./channel";
import { AccompanyError, DoesNotHold } from "./errors";
import type { Verifier } from "./evidence/notes";
import { openOpening } from "./evidence/statements";
import { readBase32, readBase64, readTime, utf8, writeHex, writeLines, writeTime } from "./evidence/text";
import type { Attorney } from "./keys";
import { fetchOpening } from "./service";
import { BrokenMessage, list, record, string, word } from "./shape";

const MAGIC = "accompany/closing-letter/v1";

export interface Line {
  readonly by: "caller" | "attorney";
  readonly time: string;
  readonly text: string;
}

/** What the server hands to who shows the recording's secret. */
export interface SealedLetter {
  author: string;
  card: string | null;
  time: string;
  sealed: string;
}

const readPlain = record<{ note: string; text: string; language: string; chat: Line[] }>({
  note: string,
  text: string,
  language: string,
  chat: list(record<Line>({ by: word("caller", "attorney"), time: string, text: string })),
});
export type Plain = ReturnType<typeof readPlain>;
type Unsigned = Omit<Plain, "note">;

export interface Letter extends Unsigned {
  /** the name on the card that signed it */
  readonly name: string;
  readonly time: string;
}

const digestOf = ({ text, language, chat }: Unsigned): string =>
  writeHex(sha256(utf8(JSON.stringify([text, language, chat.map(({ by, time, text: said }) => [by, time, said])]))));

/** The chat as the attorney's console has it. */
export const linesOf = (entries: readonly ChatEntry[]): Line[] =>
  entries.map(({ mine, before, time, text }) => ({ by: mine || before ? "attorney" : "caller", time, text }));

export function signLetter(recording: string, said: Unsigned, attorney: Pick<Attorney, "sign">, now: number): Plain {
  const note = attorney.sign(
    writeLines(MAGIC, [
      ["recording", recording],
      ["sha256", digestOf(said)],
      ["time", writeTime(now)],
    ]),
  );
  return { note, ...said };
}

/** Returns the letter; throws where `card`, the organization's, did not sign it for this recording. */
export function checkLetter(plain: Plain, recording: string, card: string, organization: Verifier): Letter {
  const { lines, author } = openSigned(["letter", MAGIC], plain.note, card, organization);
  const about = readBase32(lines.take("recording"));
  const digest = lines.take("sha256");
  const time = writeTime(readTime(lines.take("time")));
  lines.end();
  if (about !== recording) throw new DoesNotHold("letter", `to the caller of ${recording}`, about);
  if (digest !== digestOf(plain)) throw new DoesNotHold("letter", "the words that were signed", "others");
  const { text, language, chat } = plain;
  return { name: author.name, time, text, language, chat };
}

/** Seals it to the recording's key and hands it in. */
export async function sendLetter(
  encounter: string,
  recording: string,
  said: Unsigned,
  attorney: Pick<Attorney, "sign">,
  now: number,
): Promise<void> {
  const opening = openOpening(utf8(await fetchOpening(recording)));
  if (opening.recording !== recording) throw new DoesNotHold("opening", recording, opening.recording);
  const sealed = await sealPaper(signLetter(recording, said, attorney, now), opening.recipient);
  await putPaper(`/api/cases/${encounter}/letter`, { recording, sealed });
}

/** Takes back what was sent. */
export async function takeBackLetter(encounter: string, recording: string): Promise<void> {
  await putPaper(`/api/cases/${encounter}/letter`, { recording, sealed: "" });
}

export interface LetterAddressee {
  readonly recording: string;
  /** the signed opening */
  readonly opening: string;
  /** base64 age files: one of them is for `identity` */
  readonly grants: readonly string[];
  readonly identity: string;
}

/** Opens one; null where it is not what an attorney of this organization signed. */
export async function openLetter(
  { card, sealed }: SealedLetter,
  { recording, opening, grants, identity }: LetterAddressee,
  organization: Verifier,
): Promise<Letter | null> {
  try {
    const { recipient } = openOpening(utf8(opening));
    const own = await identityIn(grants.map((grant) => readBase64(grant)), identity, recipient);
    if (own === null) return null;
    return checkLetter(readPlain(await openPaper(sealed, own), "letter"), recording, card ?? "", organization);
  } catch (error) {
    if (error instanceof AccompanyError || error instanceof BrokenMessage) return null;
    throw error;
  }
}
