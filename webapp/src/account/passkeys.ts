/**
 * Passkeys in this browser: making one, using one, and the secret it gives where it can (PRF).
 * The secret never leaves this page. Not here: what it seals (vault), what the server makes of it.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../evidence/text";
import { isRecord } from "../shape";

/** What a browser answered, as the server reads it, and the passkey's own secret or null. */
export interface Answer {
  readonly credential: object;
  readonly secret: Uint8Array | null;
}

const SALT = sha256(utf8("accompany/passkey/v1"));

/** Whether this page may have passkeys: a secure page whose address is a name. */
export function passkeysPossible(): boolean {
  return globalThis.isSecureContext && typeof PublicKeyCredential !== "undefined" && !isNumber(location.hostname);
}

export const isNumber = (host: string): boolean => /^[\d.]+$|[:[]/.test(host);

/** The same page under the name this machine has for itself, or null where it is open under a name. */
export function underName(): string | null {
  const { hostname, port, protocol, pathname, hash } = location;
  if (hostname !== "127.0.0.1" && hostname !== "[::1]") return null;
  return `${protocol}//localhost${port && `:${port}`}${pathname}${hash}`;
}

/** Makes a passkey; throws where the person or the device declines. */
export async function makePasskey(options: unknown): Promise<Answer> {
  const asked = readOptions(options);
  const { user, excludeCredentials } = asked as { user: Fields; excludeCredentials?: Fields[] };
  const publicKey = {
    ...asked,
    challenge: decode(asked["challenge"]),
    user: { ...user, id: decode(user["id"]) },
    excludeCredentials: (excludeCredentials ?? []).map((one) => ({ ...one, id: decode(one["id"]) })),
    extensions: { prf: { eval: { first: SALT } } },
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await navigator.credentials.create({ publicKey });
  const found = credentialOf(made);
  const response = found.response as AuthenticatorAttestationResponse;
  const credential = {
    ...named(found),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
  return { credential, secret: secretOf(found) ?? (await secretLater(found)) };
}

/** Uses a passkey of this site, whichever the person chooses. */
export async function usePasskey(options: unknown): Promise<Answer> {
  const asked = readOptions(options);
  const { allowCredentials } = asked as { allowCredentials?: Fields[] };
  const allowed = allowCredentials?.map((one) => ({ ...one, id: decode(one["id"]) }));
  const found = await ask({
    ...asked,
    challenge: decode(asked["challenge"]),
    ...(allowed === undefined ? {} : { allowCredentials: allowed }),
  });
  const response = found.response as AuthenticatorAssertionResponse;
  const credential = {
    ...named(found),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: response.userHandle ? encode(response.userHandle) : null,
    },
  };
  return { credential, secret: secretOf(found) };
}

type Fields = Record<string, unknown>;

async function ask(asked: Fields): Promise<PublicKeyCredential> {
  const publicKey = { ...asked, extensions: { prf: { eval: { first: SALT } } } };
  return credentialOf(
    await navigator.credentials.get({ publicKey: publicKey as unknown as PublicKeyCredentialRequestOptions }),
  );
}

/** Some devices give the secret only when a passkey is used, not when it is made: then it is used. */
async function secretLater(made: PublicKeyCredential): Promise<Uint8Array | null> {
  if (made.getClientExtensionResults().prf?.enabled !== true) return null;
  try {
    const used = await ask({
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      allowCredentials: [{ type: "public-key", id: made.rawId }],
      userVerification: "required",
    });
    return secretOf(used);
  } catch {
    return null;
  }
}

function secretOf(found: PublicKeyCredential): Uint8Array | null {
  const first = found.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) return null;
  const bytes = first instanceof ArrayBuffer ? new Uint8Array(first) : new Uint8Array(first.buffer as ArrayBuffer);
  return bytes.length === 32 ? bytes : null;
}

function credentialOf(found: Credential | null): PublicKeyCredential {
  if (!(found instanceof PublicKeyCredential)) throw new DOMException("no passkey", "NotAllowedError");
  return found;
}

const named = (found: PublicKeyCredential): object => ({
  id: found.id,
  rawId: encode(found.rawId),
  type: found.type,
  clientExtensionResults: {},
});

function readOptions(options: unknown): Fields {
  if (!isRecord(options)) throw new TypeError("expected what a passkey is asked for");
  return options;
}

function encode(data: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(data)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function decode(text: unknown): Uint8Array {
  const plain = String(text).replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
}
