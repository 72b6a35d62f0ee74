/**
 * The organization's keys in a coordinator's browser: made here, sealed to a sheet of paper and to
 * passkeys, opened again, used to sign. They are in this page's memory and nowhere else.
 */

import { freshly } from "../account/requests";
import { usePasskey } from "../account/passkeys";
import { openKeys, sealKeys, type KeyBundle } from "../account/vault";
import { DoesNotHold } from "../errors";
import { organizationName, writeCard, writeOrganization, type Card } from "../evidence/cards";
import { Signer, Verifier } from "../evidence/notes";
import { readBase64, readUtf8, writeBase64, writeLines, writeTime } from "../evidence/text";
import { recipientOf } from "../seal/age";
import { ask, request } from "../service";
import { boolean, isRecord, list, orNull, record, string, time, type Read } from "../shape";

/** What the server says of the organization; everything sealed is for a browser to open. */
export interface Charter {
  me: string;
  demonstration: boolean;
  name: string;
  origin: string;
  /** the organization's vkey */
  key: string;
  /** its fingerprint, as links and posters carry it */
  pin: string;
  custodian: string;
  log: string;
  receipts: string;
  /** what the key signs so that phones know whom to seal contacts to */
  telling: string;
  sheet: string | null;
  sheet_sealed: string | null;
  /** by the ids of one's own passkeys */
  sealed: Record<string, string>;
  holders: string[];
  proved: string | null;
  proved_by: string | null;
}

/** Somebody who waits for a card, with keys made in their own browser. */
export interface Applicant {
  person: string;
  name: string;
  role: string;
  key: string;
  recipient: string;
  states: string[];
  languages: string[];
  made: string;
}

const byId: Read<Record<string, string>> = (value, where) => {
  if (!isRecord(value)) return record<Record<string, string>>({})(value, where);
  return Object.fromEntries(Object.entries(value).map(([id, sealed]) => [id, string(sealed, where)]));
};
const readCharter = record<Charter>({
  me: string,
  demonstration: boolean,
  name: string,
  origin: string,
  key: string,
  pin: string,
  custodian: string,
  log: string,
  receipts: string,
  telling: string,
  sheet: orNull(time),
  sheet_sealed: orNull(string),
  sealed: byId,
  holders: list(string),
  proved: orNull(time),
  proved_by: orNull(string),
});
const readApplicants = list(
  record<Applicant>({
    person: string,
    name: string,
    role: string,
    key: string,
    recipient: string,
    states: list(string),
    languages: list(string),
    made: time,
  }),
);

const ORGANIZATION = "/api/organization";
const CARDS = "/api/desk/cards";

export const fetchCharter = (): Promise<Charter> => ask(readCharter, ORGANIZATION);
export const fetchApplicants = (): Promise<Applicant[]> => ask(readApplicants, CARDS);

export const signerOf = (keys: KeyBundle, { origin }: Charter): Signer => new Signer(organizationName(origin), keys.seed);
const noteOf = (signer: Signer, text: string): string => readUtf8("note", signer.sign(text));

/** A note that says to the server: whoever sends this has the keys. */
function proofOf(keys: KeyBundle, charter: Charter): string {
  const lines: [string, string][] = [
    ["person", charter.me],
    ["time", writeTime(Date.now())],
  ];
  return noteOf(signerOf(keys, charter), writeLines("accompany/holding/v1", lines));
}

/** Makes the organization `name` of these keys; `secret` is the sheet's, which was read back from paper. */
export async function found(keys: KeyBundle, secret: Uint8Array, name: string, charter: Charter): Promise<Charter> {
  const signer = signerOf(keys, charter);
  const said = writeOrganization({
    name,
    custodian: await recipientOf(keys.identity),
    log: Verifier.parse(charter.log),
    receipts: Verifier.parse(charter.receipts),
  });
  const given = {
    key: String(signer.verifier),
    organization: noteOf(signer, said),
    telling: noteOf(signer, charter.telling),
    sealed: writeBase64(await sealKeys(keys, secret)),
  };
  return freshly(() => ask(readCharter, ORGANIZATION, "POST", { ...given, proof: proofOf(keys, charter) }));
}

/** Throws unless these are the organization's keys, both of them: compared with what phones are told. */
async function compare(keys: KeyBundle, charter: Charter): Promise<KeyBundle> {
  const same = String(signerOf(keys, charter).verifier) === charter.key;
  if (!same || (await recipientOf(keys.identity)) !== charter.custodian) {
    throw new DoesNotHold("keys", "the organization's", "others");
  }
  return keys;
}

/** Opens the keys with the sheet's secret; throws where it is another sheet's. */
export async function openBySheet(secret: Uint8Array, charter: Charter): Promise<KeyBundle> {
  return compare(await openKeys(readBase64(charter.sheet_sealed ?? ""), secret), charter);
}

interface Used {
  id: string;
  secret: Uint8Array | null;
}

/** Has a passkey used, which also proves to the server who this is. */
async function useOwn(): Promise<Used> {
  const asked = await (await request("/api/sign-in")).json();
  const { credential, secret } = await usePasskey(asked);
  await request("/api/step-up", { method: "POST", body: JSON.stringify({ credential }) });
  return { id: String((credential as { id?: unknown }).id), secret };
}

/** Opens the keys with one's passkey; null where this passkey holds none. */
export async function openByPasskey(charter: Charter): Promise<KeyBundle | null> {
  const { id, secret } = await useOwn();
  const sealed = charter.sealed[id];
  if (secret === null || sealed === undefined) return null;
  return compare(await openKeys(readBase64(sealed), secret), charter);
}

const keep = async (keys: KeyBundle, secret: Uint8Array, passkey: string | null, charter: Charter): Promise<Charter> => {
  const given = { passkey, sealed: writeBase64(await sealKeys(keys, secret)), proof: proofOf(keys, charter) };
  return freshly(() => ask(readCharter, `${ORGANIZATION}/keys`, "PUT", given));
};

/** Has one's passkey hold the keys, too; null where it cannot lock anything. */
export async function holdByPasskey(keys: KeyBundle, charter: Charter): Promise<Charter | null> {
  const { id, secret } = await useOwn();
  return secret === null ? null : keep(keys, secret, id, charter);
}

/** Makes another sheet the organization's: the one before opens nothing new. */
export const replaceSheet = (keys: KeyBundle, secret: Uint8Array, charter: Charter): Promise<Charter> =>
  keep(keys, secret, null, charter);

/** Says that the sheet brought the keys back. */
export const reportDrill = (keys: KeyBundle, charter: Charter): Promise<Charter> =>
  ask(readCharter, `${ORGANIZATION}/drills`, "POST", { proof: proofOf(keys, charter) });

const YEAR = 365 * 24 * 3_600_000;

/** Signs the card that somebody asked for, for those `states` that were looked up at `where`, today. */
export async function signCard(
  keys: KeyBundle,
  applicant: Applicant,
  states: readonly string[],
  where: string,
  charter: Charter,
  now: number,
): Promise<Applicant[]> {
  const day = writeTime(now).slice(0, 10);
  const card: Card = {
    serial: applicant.person,
    name: applicant.name,
    recipient: applicant.recipient,
    key: readBase64(applicant.key, 32),
    licenses: [...states].sort().map((state) => ({ state, checked: day })),
    // Our clock may be a little ahead of the server's: the card is valid when it is taken.
    since: now - 60_000,
    until: now + YEAR,
  };
  const note = noteOf(signerOf(keys, charter), writeCard(card));
  return ask(readApplicants, `${CARDS}/${applicant.person}`, "POST", { card: note, where });
}
