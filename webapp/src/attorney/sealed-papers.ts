/**
 * What an attorney wrote, sealed in this browser to a card: the form in which the server keeps it and
 * cannot open it. Sizes are rounded up, so that they do not tell how much was written.
 *
 * Not here: what is in it (notes, conflicts), and when it is kept.
 */

import { DoesNotHold, Malformed } from "../errors";
import { type Card, cardVerifier, openCard } from "../evidence/cards";
import { type Verifier, openNote } from "../evidence/notes";
import { Lines, readBase64, readUtf8, utf8, writeBase64 } from "../evidence/text";
import { opener, sealer } from "../seal/age";
import { inJson, request } from "../service";

const STEP = 1024;

/** Seals `value`, JSON, to `recipient`; returns base64. */
export async function sealPaper(value: object, recipient: string): Promise<string> {
  const bare = utf8(JSON.stringify({ ...value, pad: "" })).length;
  const pad = " ".repeat(Math.ceil(bare / STEP) * STEP - bare);
  return writeBase64(await sealer(recipient)(utf8(JSON.stringify({ ...value, pad }))));
}

/**
 * Opens a note that the key of `card`, the organization's, signed; `by`: whose card it has to be.
 * Throws where anything of that is not so.
 */
export function openSigned(
  [what, magic]: readonly [what: string, magic: string],
  note: string,
  card: string,
  organization: Verifier,
  by?: string,
): { lines: Lines; author: Card } {
  const author = openCard(utf8(card), organization);
  const { serial, key } = author;
  if (by !== undefined && serial !== by) throw new DoesNotHold(what, `a card of ${by}`, serial);
  return { lines: new Lines(what, magic, openNote(utf8(note), cardVerifier(serial, key), what)), author };
}

/** Returns what `sealPaper` was given; throws where this identity does not open it. */
export async function openPaper(sealed: string, identity: string): Promise<unknown> {
  const text = readUtf8("paper", await opener(identity)(readBase64(sealed)));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Malformed("paper", String(error));
  }
}

export async function putPaper(path: string, body: object): Promise<void> {
  await request(path, inJson("PUT", body));
}
