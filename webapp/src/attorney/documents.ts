/**
 * Documents of a case: a file that an attorney added, sealed in this browser to a key made for it; that
 * key, with its name, is sealed to whoever has the case and goes along with a hand-over. Its author's
 * card key signs what it is, and to which case it belongs. The server keeps what it cannot open.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { openCard } from "../evidence/cards";
import { Verifier } from "../evidence/notes";
import { readBase32, readTime, utf8, writeHex, writeLines, writeTime } from "../evidence/text";
import { AccompanyError, DoesNotHold } from "../errors";
import type { Attorney } from "../keys";
import { generateAgeKeys, opener, recipientOf, sealer } from "../seal/age";
import { padme } from "../seal/padding";
import { ask, request } from "../service";
import { BrokenMessage, count, id32, list, orNull, record, string, time } from "../shape";
import type { NotesOptions } from "./notes";
import { openPaper, openSigned, putPaper, sealPaper } from "./sealed-papers";

const MAGIC = "accompany/case-document/v1";
const LENGTH_BYTES = 8;
const NAME_LIMIT = 120;

/** Bytes of a file that is added: with padding and seal it stays under what the server takes. */
export const FILE_BYTES = 7_000_000;

/** What is shown as what it is; anything else is only saved. Nothing here can run in a page. */
export const TYPES = ["application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif", "text/plain"] as const;
export type DocumentType = (typeof TYPES)[number];

/** A document, once its key was opened; null where it is not what its author signed. */
export interface CaseDocument {
  readonly id: string;
  readonly author: string;
  /** the author's */
  readonly by: string;
  readonly time: string;
  readonly plain: Plain | null;
}

interface Kept {
  id: string;
  author: string;
  name: string;
  card: string | null;
  time: string;
  size: number;
  sealed: string;
}

const readKept = list(
  record<Kept>({ id: id32, author: id32, name: string, card: orNull(string), time, size: count, sealed: string }),
);
const readPlain = record<{ note: string; identity: string; name: string; type: string }>({
  note: string,
  identity: string,
  name: string,
  type: string,
});
export type Plain = ReturnType<typeof readPlain>;

const pathOf = (encounter: string): string => `/api/cases/${encounter}/documents`;

/** A name as it is shown: one line, without what would turn the direction of writing. */
export function tidy(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, "").trim();
  return Array.from(plain).slice(0, NAME_LIMIT).join("") || "document";
}

/** Signs that a file of this name and kind, sealed as these bytes, belongs to this case. */
export function signDocument(
  encounter: string,
  sealed: Uint8Array,
  { name, type }: Pick<Plain, "name" | "type">,
  attorney: Pick<Attorney, "sign">,
  now: number,
): string {
  return attorney.sign(
    writeLines(MAGIC, [
      ["encounter", encounter],
      ["sha256", writeHex(sha256(sealed))],
      ["named", writeHex(sha256(utf8(`${type}\n${name}`)))],
      ["time", writeTime(now)],
    ]),
  );
}

/** Returns the SHA-256 of the sealed bytes and when they were added; throws where `card` did not sign it so. */
export function checkDocument(
  plain: Plain,
  encounter: string,
  author: string,
  card: string,
  organization: Verifier,
): { digest: string; time: string } {
  const { lines } = openSigned(["document", MAGIC], plain.note, card, organization, author);
  const about = readBase32(lines.take("encounter"));
  const digest = lines.take("sha256");
  const named = lines.take("named");
  const at = readTime(lines.take("time"));
  lines.end();
  if (about !== encounter) throw new DoesNotHold("document", `about ${encounter}`, about);
  const wanted = writeHex(sha256(utf8(`${plain.type}\n${plain.name}`)));
  if (named !== wanted) throw new DoesNotHold("document", "the name and kind that were signed", "others");
  return { digest, time: writeTime(at) };
}

/** Wraps a file so that its size says little: its length, its bytes, zeros. */
export function wrapped(data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(padme(LENGTH_BYTES + data.length));
  new DataView(whole.buffer).setBigUint64(0, BigInt(data.length));
  whole.set(data, LENGTH_BYTES);
  return whole;
}

export function unwrapped(whole: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  const size = whole.length < LENGTH_BYTES ? -1 : Number(view.getBigUint64(0));
  if (size < 0 || size > whole.length - LENGTH_BYTES) throw new DoesNotHold("document", "a length that fits", String(size));
  return new Uint8Array(whole.subarray(LENGTH_BYTES, LENGTH_BYTES + size));
}

const typeOf = (type: string): DocumentType | null => TYPES.find((one) => one === type) ?? null;

/** A file that is not taken: too large, empty, or of another kind. */
export class NotTaken extends AccompanyError {
  override name = "NotTaken";
}

export async function addDocument(encounter: string, file: File, { attorney, custodian, now }: NotesOptions): Promise<void> {
  const type = typeOf(file.type);
  if (type === null || file.size === 0 || file.size > FILE_BYTES) throw new NotTaken(file.type);
  const { identity, recipient } = await generateAgeKeys();
  const sealed = await sealer(recipient)(wrapped(new Uint8Array(await file.arrayBuffer())));
  const named = { name: tidy(file.name), type };
  const note = signDocument(encounter, sealed, named, attorney, now());
  const plain = { note, identity, ...named };
  const headers: Record<string, string> = { Document: await sealPaper(plain, await recipientOf(attorney.identity)) };
  if (custodian !== null) headers["Custodian"] = await sealPaper(plain, custodian);
  await request(pathOf(encounter), { method: "POST", headers, body: new Uint8Array(sealed) });
}

const fetchKept = (encounter: string): Promise<Kept[]> => ask(readKept, pathOf(encounter));

/** What lies in a case, oldest first; one whose key cannot be opened hides no other. */
export async function readDocuments(encounter: string, options: NotesOptions): Promise<CaseDocument[]> {
  const { attorney, organizationKey } = options;
  return Promise.all(
    (await fetchKept(encounter)).map(async ({ id, author, name: by, card, time: at, sealed }) => {
      try {
        const plain = readPlain(await openPaper(sealed, attorney.identity), "document");
        const { time: added } = checkDocument(plain, encounter, author, card ?? "", Verifier.parse(organizationKey));
        return { id, author, by, time: added, plain: { ...plain, name: tidy(plain.name) } };
      } catch (error) {
        if (!(error instanceof AccompanyError || error instanceof BrokenMessage)) throw error;
        return { id, author, by, time: at, plain: null };
      }
    }),
  );
}

/** Fetches and opens one; throws where it is not what its author signed. */
export async function openDocument(
  encounter: string,
  { id, author }: Pick<CaseDocument, "id" | "author">,
  { attorney, organizationKey }: NotesOptions,
): Promise<Blob> {
  const kept = (await fetchKept(encounter)).find((one) => one.id === id);
  if (kept === undefined) throw new DoesNotHold("document", id, "none");
  const plain = readPlain(await openPaper(kept.sealed, attorney.identity), "document");
  const { digest } = checkDocument(plain, encounter, author, kept.card ?? "", Verifier.parse(organizationKey));
  const response = await request(`${pathOf(encounter)}/${id}`);
  const sealed = new Uint8Array(await response.arrayBuffer());
  if (writeHex(sha256(sealed)) !== digest) throw new DoesNotHold("document", "the bytes that were signed", "others");
  const type = typeOf(plain.type) ?? "application/octet-stream";
  return new Blob([unwrapped(await opener(plain.identity)(sealed))], { type });
}

export async function removeDocument(encounter: string, id: string): Promise<void> {
  await request(`${pathOf(encounter)}/${id}`, { method: "DELETE" });
}

/** Seals the keys of all documents of a case to the colleague with this card; throws where it could not. */
export async function giveDocuments(encounter: string, card: string, recipient: string, options: NotesOptions): Promise<void> {
  const { serial: holder } = openCard(utf8(card), Verifier.parse(options.organizationKey));
  for (const { id, sealed } of await fetchKept(encounter)) {
    let plain: Plain;
    try {
      plain = readPlain(await openPaper(sealed, options.attorney.identity), "document");
    } catch (error) {
      // What does not open here would not open there.
      if (error instanceof AccompanyError || error instanceof BrokenMessage) continue;
      throw error;
    }
    await putPaper(`${pathOf(encounter)}/${id}`, { holder, sealed: await sealPaper(plain, recipient) });
  }
}
