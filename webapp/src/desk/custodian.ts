/**
 * Cases whose attorney is gone, given on with the organization's keys: each recording's own key is
 * opened in this browser, compared with the recording, and sealed to the other attorney's card. Notes
 * and keys of documents go along where they were sealed to the organization as well. The server gets
 * sealed files and a note by the organization's key; it never has what is inside.
 */

import type { KeyBundle } from "../account/vault";
import { identityIn, recipientOn } from "../attorney/resealing";
import { openPaper, sealPaper } from "../attorney/sealed-papers";
import type { Kind } from "../contracts";
import { AccompanyError } from "../errors";
import { grantText } from "../evidence/grants";
import { openOpening } from "../evidence/statements";
import { readBase64, readUtf8, utf8, writeBase64 } from "../evidence/text";
import { kind } from "../messages";
import { sealer } from "../seal/age";
import { inJson, request } from "../service";
import { count, id32, isRecord, list, record, string, time, word } from "../shape";
import { signerOf, type Charter } from "./charter";

export interface LostCase {
  encounter: string;
  state: string;
  pressed: string;
  /** the attorney is gone, or has the case without its keys */
  why: "gone" | "keys";
  serial: string;
  name: string;
  recordings: number;
}

/** To whom a case can be given. */
export interface Colleague {
  serial: string;
  name: string;
  states: string[];
  /** the card, as the organization signed it */
  card: string;
}

export interface Lost {
  cases: LostCase[];
  attorneys: Colleague[];
}

const readLost = record<Lost>({
  cases: list(
    record<LostCase>({
      encounter: string,
      state: string,
      pressed: time,
      why: word("gone", "keys"),
      serial: string,
      name: string,
      recordings: count,
    }),
  ),
  attorneys: list(record<Colleague>({ serial: string, name: string, states: list(string), card: string })),
});
interface Sealed {
  recording: string;
  kind: Kind;
  opening: string;
  grants: string[];
}

interface SealedCase {
  recordings: Sealed[];
  notes: { author: string; sealed: string }[];
  documents: { id: string; sealed: string }[];
  /** notes and documents of which the organization has no copy */
  alone: number;
}

const readSealed = record<SealedCase>({
  recordings: list(record<Sealed>({ recording: string, kind, opening: string, grants: list(string) })),
  notes: list(record<SealedCase["notes"][number]>({ author: id32, sealed: string })),
  documents: list(record<SealedCase["documents"][number]>({ id: id32, sealed: string })),
  alone: count,
});

const CASES = "/api/custody/cases";

export const fetchLost = async (): Promise<Lost> => readLost(await (await request(CASES)).json(), CASES);

/** What became of one case. */
export interface Outcome {
  /** recordings that were given, and those this key does not open */
  given: number;
  shut: number;
  /** notes and documents that came along, and those this key does not open */
  papers: number;
  alone: number;
}

/** Gives one case to *to*; throws where their card does not hold, or the server refuses. */
export async function giveCase(
  { encounter }: LostCase,
  to: Colleague,
  keys: KeyBundle,
  charter: Charter,
  now: number,
): Promise<Outcome> {
  // Checked here, whatever the server says: sealed to another card it would be open to another.
  const recipient = recipientOn(to.card, charter.key, now);
  const path = `${CASES}/${encounter}`;
  const found = readSealed(await (await request(path)).json(), path);
  const grants = [];
  for (const one of found.recordings) {
    const grant = await granted(one, recipient, keys, charter, now);
    if (grant !== null) grants.push(grant);
  }
  const notes = await sealedAnew(found.notes, recipient, keys);
  const documents = await sealedAnew(found.documents, recipient, keys);
  if (grants.length > 0) {
    await request(path, inJson("POST", { to: to.serial, grants, notes, documents }));
  }
  const papers = grants.length === 0 ? 0 : notes.length + documents.length;
  const alone = found.alone + found.notes.length + found.documents.length - notes.length - documents.length;
  return { given: grants.length, shut: found.recordings.length - grants.length, papers, alone };
}

/** What these are, sealed to *recipient*; its author's signature goes along and is checked where it is read. */
async function sealedAnew<T extends { sealed: string }>(papers: T[], recipient: string, keys: KeyBundle): Promise<T[]> {
  const anew: T[] = [];
  for (const one of papers) {
    try {
      const plain = await openPaper(one.sealed, keys.identity);
      if (isRecord(plain)) anew.push({ ...one, sealed: await sealPaper(plain, recipient) });
    } catch (error) {
      // One that is damaged keeps no other back.
      if (!(error instanceof AccompanyError)) throw error;
    }
  }
  return anew;
}

/** One recording's grant to *recipient*; null where it was never granted to the organization. */
async function granted(
  { recording, opening, grants }: Sealed,
  recipient: string,
  keys: KeyBundle,
  charter: Charter,
  now: number,
): Promise<{ recording: string; grant: string; note: string } | null> {
  const stated = openOpening(utf8(opening));
  if (stated.recording !== recording) return null;
  const files = grants.map((grant) => readBase64(grant));
  const identity = await identityIn(files, keys.identity, stated.recipient);
  if (identity === null) return null;
  const file = await sealer(recipient)(utf8(`${identity}\n`));
  const note = signerOf(keys, charter).sign(grantText(recording, file, now));
  return { recording, grant: writeBase64(file), note: writeBase64(utf8(readUtf8("note", note))) };
}

/** Who may have all of these cases: licensed in each of their states, and not whoever has them. */
export function fitting(cases: readonly LostCase[], attorneys: readonly Colleague[]): Colleague[] {
  return attorneys.filter(({ states }) => cases.every(({ state }) => states.includes(state)));
}

/** The cases of each attorney together, in the order in which they came. */
export function byAttorney(cases: readonly LostCase[]): LostCase[][] {
  const found = new Map<string, LostCase[]>();
  for (const one of cases) found.set(one.serial, [...(found.get(one.serial) ?? []), one]);
  return [...found.values()];
}
