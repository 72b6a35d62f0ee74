/**
 * One recording inside the recorder's worker: its device with the keys, its queue, its uplink. Film
 * and the sound beside it are two; both send over one line.
 *
 * Not here: in which order messages are taken, and what the page is told (recorder.worker).
 */

import type { Kind } from "./contracts";
import { Device, type Keys, type Purpose, type Signed } from "./device";
import { openCard } from "./evidence/cards";
import { Verifier } from "./evidence/notes";
import type { Receipt } from "./evidence/receipts";
import { readUtf8, utf8, writeBase64, writeHex } from "./evidence/text";
import type { Line } from "./line";
import { holdLock } from "./locks";
import { locatorOf } from "./opening";
import { type Item, Queue } from "./queue";
import type { Files } from "./queue-files";
import type { Press } from "./recorder-messages";
import { Uplink, type Wire } from "./uplink";

const IDENTITY_LIFE = 5 * 60_000;

export interface RecordingEvents {
  /** a statement was made and is durable */
  head(recording: string, number: number, digest: string): void;
  changed(): void;
  receipted(receipt: Receipt): void;
}

export class Recording {
  granted = false;

  private constructor(
    readonly kind: Kind,
    readonly device: Device,
    readonly queue: Queue,
    readonly uplink: Uplink,
    private readonly events: RecordingEvents,
  ) {}

  /** Signs the opening, keeps it durably with the first grants, and begins to send. */
  static async open(
    keys: Keys,
    purpose: Purpose & { kind: Kind },
    press: Press,
    checkpoint: string | null,
    place: { files: Files; line: Line; wire: Wire; time: number },
    events: RecordingEvents,
  ): Promise<Recording> {
    const device = new Device(keys, purpose, place.time);
    const opening = readUtf8("opening", device.opening.note);
    await holdLock(device.recording);
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const queue = await Queue.create(place.files, {
      recording: device.recording,
      kind: purpose.kind,
      encounter: press.encounter,
      opening,
      // What the caller's own key finds again needs nothing on this phone that finds it.
      secret: press.locator === null ? writeBase64(secret) : "",
      origin: press.origin,
      receipts: press.receiptsKey,
      checkpoint,
    });
    const request = {
      opening,
      grants: keys.grants.map(writeBase64),
      locator: press.locator ?? locatorOf(secret),
      deletion: press.deletion,
      admission: { guest_code: press.guestCode || null, token: press.token },
    };
    await queue.add({ what: "opening", number: 0, duration: 0, note: opening }, utf8(JSON.stringify(request)));
    const uplink: Uplink = new Uplink(
      queue,
      place.wire,
      { changed: () => events.changed(), receipted: (item, receipt) => recording.receipted(item, receipt) },
      place.line,
    );
    const recording: Recording = new Recording(purpose.kind, device, queue, uplink, events);
    setTimeout(() => device.lock(), IDENTITY_LIFE);
    place.line.nudge();
    return recording;
  }

  /** Durable first, then told, then sent. */
  async keep(signed: Signed, duration: number): Promise<void> {
    const what = signed.sealed ? "segment" : "statement";
    const note = readUtf8("note", signed.note);
    await this.queue.add({ what, number: signed.number, duration, note }, signed.sealed ?? new Uint8Array());
    this.tellHead(signed);
    this.uplink.nudge();
    this.events.changed();
  }

  tellHead({ number, digest }: Signed): void {
    this.events.head(this.device.recording, number, writeHex(digest));
  }

  /** Grants to the holder of a card that is valid `now`, by the server's clock. */
  async grant(card: string, organizationKey: string, now: number): Promise<void> {
    const { recipient } = openCard(utf8(card), Verifier.parse(organizationKey), now);
    const { file, note } = await this.device.grant(recipient, now);
    await this.queue.add({ what: "grant", number: 0, duration: 0, note: readUtf8("note", note) }, file);
    this.uplink.nudge();
  }

  private receipted(item: Item, receipt: Receipt): void {
    if (item.what === "grant") {
      this.granted = true;
      this.device.lock();
    }
    this.events.receipted(receipt);
  }
}
