/**
 * A coordinator's key in this browser: made on joining, kept in IndexedDB in clear, as the page says,
 * until there is a passkey. It signs sessions and nothing else. Not here: who may be one (the server's table of rights).
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { type Table, openTable } from "../database";
import { DoesNotHold } from "../errors";
import { Signer } from "../evidence/notes";
import { readUtf8, writeBase64, writeLines, writeTime } from "../evidence/text";
import type { ServerClock } from "../live";
import { Refused, inJson, request, signIn } from "../service";
import { record, string } from "../shape";

const DATABASE = "accompany-desk";
const SEED = "seed";
const PERSON = "person";

export interface Person {
  readonly id: string;
  /** signs a session; key name `person/<id>`; null for who came by a passkey or a recovery sheet */
  readonly sign: ((text: string) => string) | null;
}

/** Returns who joined in this browser, or null. */
export async function loadPerson(): Promise<Person | null> {
  const table = await open();
  const [seed, id] = [await table.get(SEED), await table.get(PERSON)];
  return seed instanceof Uint8Array && typeof id === "string" ? actFor(id, seed) : null;
}

/** Joins by an invitation. The key is kept before it is sent: nobody is made whose key is lost. */
export async function join(code: string, name: string): Promise<Person> {
  const table = await open();
  let seed = await table.get(SEED);
  if (!(seed instanceof Uint8Array)) {
    seed = ed25519.utils.randomSecretKey();
    await table.put(SEED, seed);
  }
  const key = writeBase64(ed25519.getPublicKey(seed as Uint8Array));
  const response = await request(`/api/invitations/${encodeURIComponent(code)}`, inJson("POST", { name, key }));
  const value: unknown = await response.json().catch(() => null);
  const { person } = record<{ person: string }>({ person: string })(value, "person");
  await table.put(PERSON, person);
  return actFor(person, seed as Uint8Array);
}

/** Returns the name of whoever is signed in; empty where it cannot be asked for. */
export async function fetchName(): Promise<string> {
  try {
    const value: unknown = await (await request("/api/me")).json();
    return record<{ name: string }>({ name: string })(value, "me").name;
  } catch {
    return "";
  }
}

/** Forgets the key for good. */
export async function forgetPerson(): Promise<void> {
  const table = await open();
  await table.delete(PERSON);
  await table.delete(SEED);
}

/** Signs in by the key; without one, sees that the session still holds: where not, the page begins anew. */
export async function signInAs(person: Person, clock: ServerClock): Promise<void> {
  const { sign } = person;
  if (sign === null) {
    await request("/api/me").catch((error: unknown) => {
      if (error instanceof Refused && error.problem.status === 401) location.reload();
      throw error;
    });
    return;
  }
  await signIn((challenge) =>
    sign(
      writeLines("accompany/session/v1", [
        ["serial", person.id],
        ["challenge", challenge],
        ["time", writeTime(clock.now())],
      ]),
    ),
  );
}

function actFor(id: string, seed: Uint8Array): Person {
  const signer = new Signer(`person/${id}`, seed);
  return { id, sign: (text) => readUtf8("note", signer.sign(text)) };
}

async function open(): Promise<Table> {
  const table = await openTable(DATABASE);
  if (!table) throw new DoesNotHold("coordinator's key", "a browser that keeps it", "none");
  return table;
}
