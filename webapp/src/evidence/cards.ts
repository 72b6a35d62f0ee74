/**
 * Attorney cards and what an organization says of itself: notes by the organization's key. Twin of
 * src/accompany/evidence/cards.py.
 *
 * A card binds the name a caller reads to the keys a phone grants and talks to. No grant to and no
 * call with an attorney without a valid card. Pure: whether a card is valid *now* is asked with the
 * time as a parameter.
 */

import { DoesNotHold, Malformed } from "../errors";
import { Verifier, checkPublicKey, openNote } from "./notes";
import { RECIPIENT } from "./statements";
import {
  Lines,
  SPACE,
  quoted,
  readBase32,
  readBase64,
  readMatching,
  readTime,
  writeBase64,
  writeLines,
  writeTime,
} from "./text";

const CARD = "accompany/card/v1";
const ORGANIZATION = "accompany/organization/v1";

const NAME = /^[^\x00-\x1f\x7f\u0085\u2028\u2029]{1,120}$/u;
const OUTER_SPACE = new RegExp(`^[${SPACE}]|[${SPACE}]$`, "u");
const LICENSE = /^([A-Z]{2}) ([0-9]{4}-[0-9]{2}-[0-9]{2})$/;

/** Returns the key name of the organization that runs the log `origin`. */
export function organizationName(origin: string): string {
  return `${origin}/organization`;
}

/** Returns what an attorney's own notes (sessions, offers, opened packages) are checked with. */
export function cardVerifier(serial: string, key: Uint8Array): Verifier {
  return new Verifier(`attorney/${serial}`, key);
}

/** A state (two capitals) and the date, YYYY-MM-DD, on which the license was checked. */
export interface License {
  readonly state: string;
  readonly checked: string;
}

/** An attorney card; times in milliseconds since 1970 UTC, key 32 bytes. */
export interface Card {
  readonly serial: string;
  readonly name: string;
  readonly recipient: string;
  readonly key: Uint8Array;
  readonly licenses: readonly License[];
  readonly since: number;
  readonly until: number;
}

export function validAt(card: Card, time: number): boolean {
  return card.since <= time && time < card.until;
}

export function writeCard(card: Card): string {
  return writeLines(CARD, [
    ["serial", card.serial],
    ["name", card.name],
    ["recipient", card.recipient],
    ["key", writeBase64(card.key)],
    ...card.licenses.map(({ state, checked }): [string, string] => ["license", `${state} ${checked}`]),
    ["since", writeTime(card.since)],
    ["until", writeTime(card.until)],
  ]);
}

export function readCard(text: string): Card {
  const lines = new Lines("card", CARD, text);
  const serial = readBase32(lines.take("serial"));
  const name = lines.take("name");
  const recipient = lines.take("recipient");
  const key = readBase64(lines.take("key"), 32);
  const licenses = readLicenses(lines);
  const since = readTime(lines.take("since"));
  const until = readTime(lines.take("until"));
  lines.end();
  readMatching("name", NAME, name);
  if (OUTER_SPACE.test(name)) throw new Malformed("name", `found ${quoted(name)}`);
  if (!RECIPIENT.test(recipient)) {
    throw new Malformed("recipient", `expected age1pq1…, found ${quoted(recipient)}`);
  }
  if (licenses.some(({ state }, at) => state <= (licenses[at - 1]?.state ?? ""))) {
    throw new Malformed("licenses", "expected each state once, in order");
  }
  const card = { serial, name, recipient, key: checkPublicKey(key), licenses, since, until };
  if (writeCard(card) !== text) throw new Malformed("card", "not in its one written form");
  return card;
}

/** Returns the card that `organization` signed; if `time` is given it must be valid then. */
export function openCard(note: Uint8Array, organization: Verifier, time?: number): Card {
  const card = readCard(openNote(note, organization, "card"));
  if (time !== undefined && !validAt(card, time)) {
    const span = `${writeTime(card.since)} to ${writeTime(card.until)}`;
    throw new DoesNotHold("card", `valid at ${writeTime(time)}`, `valid from ${span}`);
  }
  return card;
}

/** What an organization says of itself: the name shown, its custodian's recipient, its log. */
export interface OrganizationNote {
  readonly name: string;
  readonly custodian: string;
  readonly log: Verifier;
  readonly receipts: Verifier;
}

export function writeOrganization(organization: OrganizationNote): string {
  return writeLines(ORGANIZATION, [
    ["name", organization.name],
    ["custodian", organization.custodian],
    ["log", String(organization.log)],
    ["receipts", String(organization.receipts)],
  ]);
}

export function readOrganization(text: string): OrganizationNote {
  const lines = new Lines("organization", ORGANIZATION, text);
  const found = {
    name: lines.take("name"),
    custodian: lines.take("custodian"),
    log: Verifier.parse(lines.take("log")),
    receipts: Verifier.parse(lines.take("receipts")),
  };
  lines.end();
  readMatching("organization", NAME, found.name);
  readMatching("organization", RECIPIENT, found.custodian);
  return found;
}

/** Returns what the organization, whose `verifier` the caller's link pins, says of itself. */
export function openOrganization(note: Uint8Array, verifier: Verifier): OrganizationNote {
  return readOrganization(openNote(note, verifier, "organization"));
}

function readLicenses(lines: Lines): License[] {
  const licenses: License[] = [];
  for (let value = lines.takeIf("license"); value !== null; value = lines.takeIf("license")) {
    const [, state, checked] = LICENSE.exec(value) ?? [];
    if (state === undefined || checked === undefined) {
      throw new Malformed("license", `expected a state and a date, found ${quoted(value, 40)}`);
    }
    licenses.push({ state, checked });
  }
  return licenses;
}
