/**
 * Notes of a case: what its attorneys write in the call and afterwards. Each author has one text; it is
 * signed by their card's key and sealed in this browser to whoever has the case. With a hand-over a copy
 * is sealed to the colleague before the case is theirs. The server keeps what it cannot open.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { openCard } from "../evidence/cards";
import { Verifier } from "../evidence/notes";
import { readBase32, readTime, utf8, writeHex, writeLines, writeTime } from "../evidence/text";
import { AccompanyError, DoesNotHold } from "../errors";
import type { Attorney } from "../keys";
import { recipientOf } from "../seal/age";
import { ask } from "../service";
import { BrokenMessage, id32, list, orNull, record, string, time } from "../shape";
import { Store } from "../store";
import { KeptText } from "./kept-text";
import { openPaper, openSigned, putPaper, sealPaper } from "./sealed-papers";

const MAGIC = "accompany/case-note/v1";

/** A text about a case, once it was opened; null where it is not what its author signed. */
export interface CaseNote {
  readonly author: string;
  readonly name: string;
  readonly time: string;
  readonly text: string | null;
}

interface Kept {
  author: string;
  name: string;
  card: string | null;
  time: string;
  sealed: string;
}

const readKept = list(
  record<Kept>({ author: id32, name: string, card: orNull(string), time, sealed: string }),
);
const readPlain = record<{ note: string; text: string }>({ note: string, text: string });
type Plain = ReturnType<typeof readPlain>;

const pathOf = (encounter: string): string => `/api/cases/${encounter}/notes`;

const fetchKept = (encounter: string): Promise<Kept[]> => ask(readKept, pathOf(encounter));

/** Signs `text` as the attorney's own about this case. */
export function signNote(encounter: string, text: string, attorney: Attorney, now: number): Plain {
  const note = attorney.sign(
    writeLines(MAGIC, [
      ["encounter", encounter],
      ["sha256", writeHex(sha256(utf8(text)))],
      ["time", writeTime(now)],
    ]),
  );
  return { note, text };
}

/** Returns when `plain` was written; throws where `card` did not sign it about this case. */
export function checkNote(plain: Plain, encounter: string, author: string, card: string, organization: Verifier): string {
  const { lines } = openSigned(["note", MAGIC], plain.note, card, organization, author);
  const about = readBase32(lines.take("encounter"));
  const digest = lines.take("sha256");
  const written = readTime(lines.take("time"));
  lines.end();
  if (about !== encounter) throw new DoesNotHold("note", `about ${encounter}`, about);
  if (digest !== writeHex(sha256(utf8(plain.text)))) throw new DoesNotHold("note", "the text that was signed", "another");
  return writeTime(written);
}

export interface NotesOptions {
  attorney: Attorney;
  organizationKey: string;
  /** to whom a copy is sealed, for a case whose attorney is gone; null in a demonstration, whose server has that key */
  custodian: string | null;
  now(): number;
}

/** What was written about a case, oldest first; one that cannot be opened hides no other. */
export async function readNotes(encounter: string, options: NotesOptions): Promise<CaseNote[]> {
  const kept = await fetchKept(encounter);
  return Promise.all(kept.map((one) => opened(one, encounter, options)));
}

async function opened(one: Kept, encounter: string, { attorney, organizationKey }: NotesOptions): Promise<CaseNote> {
  const { author, name, time: at } = one;
  try {
    const plain = readPlain(await openPaper(one.sealed, attorney.identity), "note");
    const written = checkNote(plain, encounter, author, one.card ?? "", Verifier.parse(organizationKey));
    return { author, name, time: written, text: plain.text };
  } catch (error) {
    if (!(error instanceof AccompanyError || error instanceof BrokenMessage)) throw error;
    return { author, name, time: at, text: null };
  }
}

/** One case's notes on this page: the same in the call and after it. */
export class Notebook {
  readonly own: KeptText;
  /** whether the organization's custodian can open them, too */
  readonly shared: boolean;
  /** what colleagues wrote before */
  readonly others = new Store<readonly CaseNote[]>([]);

  constructor(encounter: string, options: NotesOptions) {
    const { attorney, custodian, now } = options;
    const { serial } = attorney;
    this.shared = custodian !== null;
    this.own = new KeptText({
      load: async () => {
        const found = await readNotes(encounter, options);
        this.others.set(found.filter(({ author }) => author !== serial));
        return found.find(({ author }) => author === serial)?.text ?? "";
      },
      save: async (text) => {
        const plain = signNote(encounter, text, attorney, now());
        const sealed = text === "" ? "" : await sealPaper(plain, await recipientOf(attorney.identity));
        const copy = text === "" || custodian === null ? "" : await sealPaper(plain, custodian);
        await putPaper(pathOf(encounter), { holder: serial, author: serial, sealed, custodian: copy });
      },
    });
  }
}

/** All notebooks of this page. */
export class Notes {
  readonly options: NotesOptions;
  readonly #books = new Map<string, Notebook>();

  constructor(options: NotesOptions) {
    this.options = options;
  }

  of(encounter: string): Notebook {
    const book = this.#books.get(encounter) ?? new Notebook(encounter, this.options);
    this.#books.set(encounter, book);
    return book;
  }

  /** A case that comes back is read anew. */
  forget(encounter: string): void {
    this.#books.delete(encounter);
  }

  /** Seals everything written about a case to the colleague with this card; throws where it could not. */
  async give(encounter: string, card: string, recipient: string): Promise<void> {
    const { attorney, organizationKey } = this.options;
    await this.#books.get(encounter)?.own.flush();
    const { serial: holder } = openCard(utf8(card), Verifier.parse(organizationKey));
    for (const { author, sealed } of await fetchKept(encounter)) {
      let plain: Plain;
      try {
        plain = readPlain(await openPaper(sealed, attorney.identity), "note");
      } catch (error) {
        // What does not open here would not open there.
        if (error instanceof AccompanyError || error instanceof BrokenMessage) continue;
        throw error;
      }
      await putPaper(pathOf(encounter), { holder, author, sealed: await sealPaper(plain, recipient) });
    }
  }
}
