/**
 * The caller's own way back from "lock now": a code chosen beforehand, or two taps where none was. Of a
 * code only a slow hash with a salt is kept. It holds off a glance and a quick hand; whoever takes the
 * phone apart tries all short codes. Nothing sealed is opened by it: no key is on this phone.
 */

import { readBase64, utf8, writeBase64 } from "../evidence/text";

const KEPT = "accompany.way-back";
const ROUNDS = 300_000;
const CODE = /^[0-9]{4,12}$/;

export const isCodeForm = (code: string): boolean => CODE.test(code);

async function hash(code: string, salt: Uint8Array): Promise<string> {
  const key = await crypto.subtle.importKey("raw", new Uint8Array(utf8(code)), "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(salt), iterations: ROUNDS };
  return writeBase64(new Uint8Array(await crypto.subtle.deriveBits(how, key, 256)));
}

function kept(): [salt: string, hash: string] | null {
  try {
    const [salt, hash] = (localStorage.getItem(KEPT) ?? "").split(" ");
    return salt !== undefined && hash !== undefined ? [salt, hash] : null;
  } catch {
    return null;
  }
}

export const hasCode = (): boolean => kept() !== null;

export async function keepCode(code: string): Promise<void> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  localStorage.setItem(KEPT, `${writeBase64(salt)} ${await hash(code, salt)}`);
}

export function forgetCode(): void {
  localStorage.removeItem(KEPT);
}

/** What stands in the field once *tried* was found to be another: what was typed meanwhile. */
export const afterWrong = (tried: string, typed: string): string => (typed === tried ? "" : typed);

/** Whether *code* is the one kept; nothing is right where none is. */
export async function isCode(code: string): Promise<boolean> {
  const found = kept();
  return found !== null && (await hash(code, readBase64(found[0], 16))) === found[1];
}
