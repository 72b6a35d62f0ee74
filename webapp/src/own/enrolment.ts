/**
 * Having a key of one's own: made or brought from a sheet, sealed to this phone's passkey where that is
 * possible, and its places claimed by the batch. Nobody is asked who they are. Not here: screens.
 */

import { makePasskey, usePasskey } from "../account/passkeys";
import { SHEET_BYTES, identityOf } from "../account/vault";
import { writeBase64Url } from "../base64url";
import { readBase64, writeBase64 } from "../evidence/text";
import { opener, recipientOf, sealer } from "../seal/age";
import { BATCH, ownKeyOf, placeAt, secretAt, type OwnKey } from "./key";
import { keepOwn, keepPlace, keptOwn, placesFrom, placesLeft, type KeptOwn } from "./kept";
import { findFiled, handIn, type Filed } from "./requests";

/** With fewer places than this, a batch more is claimed. */
const FEW = 32;
/** After so many batches without a recording, none is looked for any further. */
const EMPTY = 4;
const TRIES = 50;

export const newSecret = (): Uint8Array => crypto.getRandomValues(new Uint8Array(SHEET_BYTES));

/** What a passkey seals here. */
export interface Lock {
  readonly passkey: string;
  readonly sealed: Uint8Array;
}

/** Makes a passkey that seals `secret`; null where this device's passkeys seal nothing (no PRF). */
export async function lockWith(secret: Uint8Array, name: string): Promise<Lock | null> {
  const { credential, secret: own } = await makePasskey({
    challenge: writeBase64Url(crypto.getRandomValues(new Uint8Array(32))),
    rp: { id: location.hostname, name: "Accompany" },
    // Nothing that says who somebody is, or that two passkeys are the same person's.
    user: { id: writeBase64Url(crypto.getRandomValues(new Uint8Array(16))), name, displayName: name },
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    attestation: "none",
    timeout: 120_000,
  });
  if (own === null) return null;
  return { passkey: (credential as { id: string }).id, sealed: await sealer(await recipientOf(identityOf(own)))(secret) };
}

/** Opens the key by this phone's passkey; throws where the person declines, or it is another's. */
export async function unlock({ sealed, passkey }: KeptOwn): Promise<Uint8Array> {
  const { secret } = await usePasskey({
    challenge: writeBase64Url(crypto.getRandomValues(new Uint8Array(32))),
    rpId: location.hostname,
    ...(passkey === null ? {} : { allowCredentials: [{ type: "public-key", id: passkey }] }),
    userVerification: "required",
    timeout: 120_000,
  });
  if (secret === null || sealed === null) throw new DOMException("no secret", "NotAllowedError");
  return await opener(identityOf(secret))(readBase64(sealed));
}

/** Holds the key of `secret` on this phone: recordings are granted to it from now on. */
export async function hold(secret: Uint8Array, lock: Lock | null): Promise<void> {
  const recipient = await recipientOf(ownKeyOf(secret).identity);
  const before = keptOwn();
  keepOwn({
    recipient,
    sealed: lock && writeBase64(lock.sealed),
    passkey: lock?.passkey ?? null,
    batch: before?.batch ?? 0,
    owed: before?.owed ?? null,
  });
}

/** Keeps what was learnt of the key that *held* was, by what lies here now; false where it was forgotten meanwhile. */
function learn(held: KeptOwn, learnt: (now: KeptOwn) => Partial<KeptOwn>): boolean {
  const now = keptOwn();
  if (now?.recipient !== held.recipient) return false;
  keepOwn({ ...now, ...learnt(now) });
  return true;
}

/** Takes a key that is new: holds it, and claims its first places. */
export async function take(secret: Uint8Array, lock: Lock | null, shown: { guest_code?: string }): Promise<void> {
  await hold(secret, lock);
  await claim(ownKeyOf(secret), shown).catch(() => undefined);
}

/** Claims a batch of places where few are left; quietly, as whoever unlocked has other things to do. */
export async function refill(key: OwnKey, shown: { guest_code?: string }, after: number): Promise<void> {
  const own = keptOwn();
  if (own === null) return;
  if (after >= own.batch) keepOwn({ ...own, batch: after + 1 });
  await settle(shown);
  if (placesLeft() < FEW) await claim(key, shown);
}

async function claim(key: OwnKey, shown: { guest_code?: string }): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const own = keptOwn();
    if (own === null) return;
    const { batch } = own;
    const places = Array.from({ length: BATCH }, (_, at) => placeAt(key, batch * BATCH + at));
    const taken = await handIn(places.map(({ token }) => token), shown).catch(() => null);
    const here = learn(own, (now) => ({
      batch: Math.max(now.batch, batch + 1),
      owed: taken === null ? batch : now.owed,
    }));
    if (!here) return;
    // Another phone of this key has claimed it.
    if (taken === false) continue;
    places.forEach((place, at) => keepPlace(batch * BATCH + at, place));
    return;
  }
}

/** Hands in what the server could not be asked for when it was made; needs no unlocking. */
export async function settle(shown: { guest_code?: string }): Promise<void> {
  const own = keptOwn();
  if (own === null || own.owed === null) return;
  const places = placesFrom(own.owed * BATCH, (own.owed + 1) * BATCH);
  // A batch is handed in whole: where some were used meanwhile, the guest code let those in.
  if (places.size < BATCH) return keepOwn({ ...own, owed: null });
  await handIn([...places.values()].map(({ token }) => token), shown);
  learn(own, (now) => ({ owed: now.owed === own.owed ? null : now.owed }));
}

/** A recording's encounter, and which place it was filed under. */
export interface Found extends Filed {
  readonly place: number;
}

/** Everything filed under this key, newest first; asked for by the batch, as far as there is something. */
export async function findAll(key: OwnKey): Promise<Found[]> {
  const found: Found[] = [];
  const known = keptOwn()?.batch ?? 0;
  for (let batch = 0, empty = 0; batch < known || empty < EMPTY; batch++) {
    const numbers = Array.from({ length: BATCH }, (_, at) => batch * BATCH + at);
    const filed = await findFiled(numbers.map((number) => secretAt(key, number)));
    const here = filed.flatMap((one, at) => (one === null ? [] : [{ ...one, place: batch * BATCH + at }]));
    empty = here.length === 0 ? empty + 1 : 0;
    found.push(...here);
  }
  return found.sort((one, other) => timeOf(other).localeCompare(timeOf(one)));
}

/** When it was pressed, or, recorded without a line, when the phone began to record by its own clock. */
export function timeOf({ pressed, recordings }: Filed): string {
  return pressed ?? /^time (\S+)$/m.exec(recordings[0]?.opening ?? "")?.[1] ?? "";
}
