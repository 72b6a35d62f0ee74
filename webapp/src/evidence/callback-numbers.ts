/**
 * The number a caller leaves to be called back on, as it is sealed on their phone: of one size, whatever
 * is in it. Twin of src/accompany/evidence/callback_numbers.py, where the form stands. Errors quote
 * nothing of what was inside.
 */

import { AccompanyError, DoesNotHold, Malformed } from "../errors";
import { opener, sealer } from "../seal/age";
import { Lines, SPACE, readBase32, readUtf8, utf8, writeLines } from "./text";

const WHAT = "callback number";
const MAGIC = "accompany/callback-number/v1";

export const MESSAGES = ["yes", "no", "unsaid"] as const;
/** whether a message may be left there */
export type Message = (typeof MESSAGES)[number];

export const PLAIN_BYTES = 1024;
export const SEALED_BYTES = 2683;
export const WHEN_CHARACTERS = 120;

const NUMBER = /^\+?[0-9]{7,15}$/;
const WHEN = new RegExp(`^[^\\x00-\\x1f\\x7f\\u0085\\u2028\\u2029]{1,${WHEN_CHARACTERS}}$`, "u");
const OUTER_SPACE = new RegExp(`^[${SPACE}]|[${SPACE}]$`, "u");

export interface CallbackNumber {
  readonly encounter: string;
  readonly number: string;
  readonly message: Message;
  /** when to call, on one line; "" where nothing was said */
  readonly when: string;
}

export function writeNumber({ encounter, number, message, when }: CallbackNumber): string {
  const lines: [string, string][] = [
    ["encounter", encounter],
    ["number", number],
    ["message", message],
  ];
  if (when !== "") lines.push(["when", when]);
  return writeLines(MAGIC, lines);
}

export function readNumber(text: string): CallbackNumber {
  const lines = new Lines(WHAT, MAGIC, text);
  const encounter = readBase32(lines.take("encounter"));
  const number = lines.take("number");
  const word = lines.take("message");
  const message = MESSAGES.find((one) => one === word);
  const when = lines.takeIf("when");
  lines.end();
  if (message === undefined) throw new Malformed(WHAT, `expected a message of ${MESSAGES.join(" ")}`);
  if (!NUMBER.test(number)) throw new Malformed(WHAT, "expected 7 to 15 digits");
  if (when !== null && (!WHEN.test(when) || OUTER_SPACE.test(when))) {
    throw new Malformed(WHAT, `expected 1 to ${WHEN_CHARACTERS} characters on one line`);
  }
  return { encounter, number, message, when: when ?? "" };
}

/** Seals `number` to `recipient`; throws where it is in no form. */
export async function sealNumber(number: CallbackNumber, recipient: string): Promise<Uint8Array> {
  const text = writeNumber(number);
  readNumber(text);
  const data = new Uint8Array(PLAIN_BYTES);
  data.set(utf8(text));
  return await sealer(recipient)(data);
}

/** Returns what was left for `encounter`; throws where it is anything else. */
export async function openNumber(sealed: Uint8Array, encounter: string, identity: string): Promise<CallbackNumber> {
  if (sealed.length !== SEALED_BYTES) throw new Malformed(WHAT, `expected ${SEALED_BYTES} bytes, found ${sealed.length}`);
  const data = await opener(identity)(sealed);
  const end = data.indexOf(0);
  if (data.length !== PLAIN_BYTES || end < 0 || data.subarray(end).some((byte) => byte !== 0)) {
    throw new Malformed(WHAT, `expected a text, and zeros up to ${PLAIN_BYTES} bytes`);
  }
  const found = unquoted(() => readNumber(readUtf8(WHAT, data.subarray(0, end))));
  if (found.encounter !== encounter) throw new DoesNotHold(WHAT, `one for ${encounter}`, `one for ${found.encounter}`);
  return found;
}

function unquoted<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof AccompanyError) throw new Malformed(WHAT, "expected its one written form");
    throw error;
  }
}

const DIGITS = /\p{Nd}/gu;

/** A number as it is sealed, of what was typed in any script's digits; null where it is none. */
export function tidyNumber(typed: string): string | null {
  const plain = typed.replace(DIGITS, (digit) => String(valueOf(digit))).replace(/[\s().\-–—/\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, "");
  const number = plain.replace(/^00(?=[1-9])/, "+");
  return NUMBER.test(number) ? number : null;
}

/** The digits of every script stand together, zero first. */
function valueOf(digit: string): number {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return (code - zero) % 10;
}

/** When to call as it is sealed: one line, without what would turn the direction of writing; null where too long. */
export function tidyWhen(typed: string): string | null {
  const line = typed.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").replace(/[\p{Cf}\p{Cs}]/gu, "").trim();
  return Array.from(line).length <= WHEN_CHARACTERS ? line : null;
}
