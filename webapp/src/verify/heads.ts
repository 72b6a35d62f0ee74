/** Heads: what somebody else kept of a recording. Twin of src/accompany/evidence/heads.py. */

import { Malformed } from "../errors";
import { readBase32, readHex } from "../evidence/text";
import { isObject, readJson } from "./json";

/** A statement's number and digest (32 bytes), as somebody else kept them. */
export interface KeptHead {
  readonly recording: string;
  readonly number: number;
  readonly digest: Uint8Array;
}

/** Returns the heads in a file: one JSON object, or one a line; throws Malformed for anything else. */
export function readHeads(data: Uint8Array): KeptHead[] {
  const whole = readJson(data);
  const items = isObject(whole) ? [whole] : linesOf(data).map(readJson);
  if (items.length === 0) throw new Malformed("head", "expected a JSON object, found nothing");
  return items.map(readHead);
}

function linesOf(data: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const end = data.findIndex((byte, place) => place >= at && (byte === 10 || byte === 13));
    const stop = end < 0 ? data.length : end;
    lines.push(data.subarray(at, stop));
    at = stop + (data[stop] === 13 && data[stop + 1] === 10 ? 2 : 1);
  }
  return lines;
}

function readHead(item: unknown): KeptHead {
  const { recording, number, digest } = isObject(item) ? item : {};
  if (typeof recording !== "string" || typeof digest !== "string" || !Number.isInteger(number)) {
    throw new Malformed("head", "expected a JSON object with recording, number and digest");
  }
  const counted = number as number;
  if (counted < 0) throw new Malformed("head", `expected a statement's number, found ${counted}`);
  return { recording: readBase32(recording), number: counted, digest: readHex(digest, 32) };
}
