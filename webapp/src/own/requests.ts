/** The HTTP requests of a caller's own key: tokens handed in, recordings found and shared. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { Kind } from "../contracts";
import { readBase64, writeBase64, writeHex } from "../evidence/text";
import type { SealedLetter } from "../letters";
import type { CallbackTold } from "../live-contracts";
import { kind, readCallbackTold } from "../messages";
import { Refused, inJson, request } from "../service";
import { boolean, count, list, orNull, record, string, word } from "../shape";

export type Privilege = "kept" | "waived";

export interface FiledRecording {
  recording: string;
  kind: Kind;
  /** the signed opening */
  opening: string;
  segments: number;
  missing: number;
  closing: string | null;
  /** when its deletion is due, or null */
  deletion: string | null;
  /** kept by a legal hold, whatever is wished */
  held: boolean;
  /** what the caller said last of what they and their attorney said; null where nothing */
  privilege: Privilege | null;
  /** what attorneys sent to its caller, sealed */
  letters: SealedLetter[];
  /** links that were given away */
  passes: Pass[];
}

export interface Pass {
  /** hex SHA-256 of what the link shows */
  digest: string;
  until: string;
  /** when it was given because the caller was missed; null: the caller gave it */
  released: string | null;
}

export interface Filed {
  encounter: string;
  pressed: string | null;
  ended: string | null;
  state: string | null;
  /** the name of the attorney who has the case */
  attorney: string | null;
  /** whether a number may be left to be called back on; null where nobody is to be called back */
  callback: CallbackTold | null;
  recordings: FiledRecording[];
}

const readPass = record<Pass>({ digest: string, until: string, released: orNull(string) });
const readFiled = list(
  orNull(
    record<Filed>({
      encounter: string,
      pressed: orNull(string),
      ended: orNull(string),
      state: orNull(string),
      attorney: orNull(string),
      callback: orNull(readCallbackTold),
      recordings: list(
        record<FiledRecording>({
          recording: string,
          kind,
          opening: string,
          segments: count,
          missing: count,
          closing: orNull(string),
          deletion: orNull(string),
          held: boolean,
          privilege: orNull(word("kept", "waived")),
          letters: list(record<SealedLetter>({ author: string, card: orNull(string), time: string, sealed: string })),
          passes: list(readPass),
        }),
      ),
    }),
  ),
);

/** What a session is not asked for: what is shown is enough, and says no more than it must. */
const shownJson = (body: object, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  ...inJson("POST", body, headers),
  credentials: "omit",
});

/** Hands a batch in; false where the server knows one of them already. */
export async function handIn(tokens: readonly string[], shown: { guest_code?: string; token?: string }): Promise<boolean> {
  const digests = tokens.map((token) => writeHex(sha256(readBase64(token, 32))));
  try {
    await request("/api/tokens", shownJson({ digests, ...shown }));
    return true;
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 422) return false;
    throw error;
  }
}

/** What is filed under each secret, null where nothing is. */
export async function findFiled(secrets: readonly Uint8Array[]): Promise<(Filed | null)[]> {
  try {
    const response = await request("/api/filed", shownJson({ secrets: secrets.map(writeBase64) }));
    return readFiled(await response.json(), "filed");
  } catch (error) {
    if (error instanceof Refused && error.problem.status === 404) return secrets.map(() => null);
    throw error;
  }
}

export const bearing = (secret: Uint8Array): { Authorization: string } => ({
  Authorization: `Bearer ${writeBase64(secret)}`,
});

/** Adds a grant, an age file with the recording's identity, by the locator's secret. */
export async function addGrant(recording: string, file: Uint8Array, secret: Uint8Array): Promise<void> {
  const body = new Uint8Array(file);
  await request(`/api/recordings/${recording}/grants`, { method: "POST", headers: bearing(secret), body, credentials: "omit" });
}

const passesOf = (recording: string): string => `/api/recordings/${recording}/passes`;

/** Lets whoever shows `pass` read the recording for some days. */
export async function givePass(recording: string, pass: Uint8Array, days: number, secret: Uint8Array): Promise<Pass> {
  const shown = shownJson({ digest: writeHex(sha256(pass)), days }, bearing(secret));
  const response = await request(passesOf(recording), shown);
  return readPass(await response.json(), "pass");
}

export async function endPass(recording: string, digest: string, secret: Uint8Array): Promise<void> {
  const headers = bearing(secret);
  await request(`${passesOf(recording)}/${digest}`, { method: "DELETE", headers, credentials: "omit" });
}

/** Says whether privilege is kept or given up, in this recording: a line of its custody. */
export async function sayPrivilege(recording: string, privilege: Privilege, secret: Uint8Array): Promise<void> {
  await request(`/api/recordings/${recording}/privilege`, shownJson({ privilege }, bearing(secret)));
}
