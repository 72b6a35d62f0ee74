/**
 * A contact as it is sealed to the service (docs/telling.md), and what its address and words may be.
 * Once sealed nobody on this phone can read it again. The server checks all of it anew.
 */

import type { Service } from "../contracts";
import { Malformed } from "../errors";
import { Verifier, openNote } from "../evidence/notes";
import { Lines, utf8 } from "../evidence/text";
import { sealer } from "../seal/age";

export const CHANNELS = ["sms", "email", "signal", "whatsapp"] as const;
export type ChannelName = (typeof CHANNELS)[number];

export interface Words {
  readonly pressed: string;
  readonly safe: string;
  readonly overdue: string;
}

export interface Contact extends Words {
  readonly channel: ChannelName;
  readonly address: string;
  readonly test: string;
}

const PAD = 1024;
const PHONE = /^\+[1-9][0-9]{6,14}$/;
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const MAIL = new RegExp(`^[A-Za-z0-9._+-]{1,64}@(?:${LABEL}\\.){1,8}[A-Za-z]{2,63}$`);
const LINK = /:\/\/|\bwww\.|@|[\w-]+\.[a-z]{2,}\//iu;
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

export const isChannel = (name: string): name is ChannelName => (CHANNELS as readonly string[]).includes(name);

/** An address as it is sent: without the spaces, dashes and brackets people write in numbers; null where it is none. */
export function readAddress(channel: ChannelName, typed: string): string | null {
  const address = channel === "email" ? typed.trim() : typed.replace(/[\s().\-–—]+/gu, "").replace(/^00/, "+");
  if (channel !== "email") return PHONE.test(address) ? address : null;
  return address.length <= 254 && MAIL.test(address) ? address : null;
}

/** Words as they are sent: on one line; null where they are none, too long, or hold a link. */
export function readWords(typed: string, most: number): string | null {
  const words = typed.trim().replace(/\s*\n\s*/gu, " ");
  const fits = words !== "" && [...words].length <= most;
  return fits && !CONTROL.test(words) && !LINK.test(words) ? words : null;
}

/** Whom to seal to, as the organization that this phone pinned has signed it. */
export function recipientOfService(service: Service): string {
  const text = openNote(utf8(service.telling.note), Verifier.parse(service.organization_key), "telling");
  const lines = new Lines("telling", "accompany/telling/v1", text);
  const origin = lines.take("log");
  const recipient = lines.take("recipient");
  lines.end();
  if (origin !== service.origin) throw new Malformed("telling", `expected the log ${service.origin}`);
  return recipient;
}

/** The bytes that are sealed: in one order, padded, so that their size says little. */
export function writeContact(contact: Contact): Uint8Array {
  const { channel, address, test, pressed, safe, overdue } = contact;
  const data = utf8(JSON.stringify({ channel, address, test, pressed, safe, overdue }));
  const padded = new Uint8Array(Math.ceil(data.length / PAD) * PAD).fill(0x20);
  padded.set(data);
  return padded;
}

export async function sealContact(contact: Contact, recipient: string): Promise<Uint8Array> {
  return await sealer(recipient)(writeContact(contact));
}
