/** The HTTP requests of coming in and of one's own account (docs/format.md). */

import { readBase64, writeBase64 } from "../evidence/text";
import { Refused, ask, request } from "../service";
import { boolean, count, list, orNull, record, string, type Read } from "../shape";
import { makePasskey, usePasskey, type Answer } from "./passkeys";

export interface Passkey {
  id: string;
  name: string;
  made: string;
  used: string;
  /** whether it seals the keys */
  opens: boolean;
}

export interface Ways {
  passkeys: Passkey[];
  /** when the recovery sheet was made, or null */
  sheet: string | null;
}

export interface Session {
  number: number;
  made: string;
  seen: string;
  this: boolean;
}

/** How somebody came in; by their key alone, nothing of it counts as freshly proved. */
export type By = "passkey" | "sheet" | "key";

/** Who came in, and the keys their passkey or sheet seals. */
export interface Arrived {
  person: string;
  role: string;
  name: string;
  card: string | null;
  sealed: string | null;
}

const ON_CARDS: readonly string[] = ["attorney", "interpreter", "responder"];

/** Whether their page is /duty: with a card, or still waiting for one. */
export const goesOnDuty = ({ card, role }: Arrived): boolean => card !== null || ON_CARDS.includes(role);

const readWays: Read<Ways> = record<Ways>({
  passkeys: list(record<Passkey>({ id: string, name: string, made: string, used: string, opens: boolean })),
  sheet: orNull(string),
});
const readSessions = list(record<Session>({ number: count, made: string, seen: string, this: boolean }));
const readArrived = record<Arrived>({
  person: string,
  role: string,
  name: string,
  card: orNull(string),
  sealed: orNull(string),
});

const anything: Read<unknown> = (value) => value;

export const fetchWays = (): Promise<Ways> => ask(readWays, "/api/passkeys");
export const fetchSessions = (): Promise<Session[]> => ask(readSessions, "/api/sessions");
export const endSession = (which: number | "others"): Promise<Session[]> =>
  ask(readSessions, `/api/sessions/${which}`, "DELETE");

/** Signs in by a passkey; returns who it was, and the passkey's secret where it gives one. */
export async function signInByPasskey(): Promise<{ arrived: Arrived; secret: Uint8Array | null }> {
  const { credential, secret } = await usePasskey(await ask(anything, "/api/sign-in"));
  return { arrived: await ask(readArrived, "/api/sign-in", "POST", { credential }), secret };
}

export const signInByToken = (token: Uint8Array): Promise<Arrived> =>
  ask(readArrived, "/api/recovery", "POST", { token: writeBase64(token) });

/** Does `act`; where who it is must be proved again, asks for a passkey and does it once more. */
export async function freshly<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.type !== "/problems/not-fresh") throw error;
    const { credential } = await usePasskey(await ask(anything, "/api/sign-in"));
    await request("/api/step-up", { method: "POST", body: JSON.stringify({ credential }) });
    return act();
  }
}

/** Makes a passkey; `seal` gives what is kept sealed by it, where it has a secret. */
export async function addPasskey(
  name: string,
  seal: (secret: Uint8Array) => Promise<Uint8Array | null>,
): Promise<{ ways: Ways; opens: boolean }> {
  const options = await freshly(() => ask(anything, "/api/passkeys/challenge", "POST", {}));
  const { credential, secret }: Answer = await makePasskey(options);
  const sealed = secret && (await seal(secret));
  const ways = await ask(readWays, "/api/passkeys", "POST", { credential, name, sealed: sealed && writeBase64(sealed) });
  return { ways, opens: sealed !== null };
}

export const removePasskey = (id: string): Promise<Ways> =>
  freshly(() => ask(readWays, `/api/passkeys/${encodeURIComponent(id)}`, "DELETE"));

export const putSheet = (token: Uint8Array, sealed: Uint8Array | null): Promise<Ways> =>
  freshly(() =>
    ask(readWays, "/api/recovery", "PUT", { token: writeBase64(token), sealed: sealed && writeBase64(sealed) }),
  );

export const sealedOf = ({ sealed }: Arrived): Uint8Array | null => (sealed === null ? null : readBase64(sealed));
