/** The page's end of the conversation with the recorder's worker: questions with answers, and heads. */

import type { Head, RecorderOptions } from "./contracts";
import type { ReleaseGrant } from "./people/release";
import type { FromWorker, Press, ToWorker } from "./recorder-messages";

type Told = Exclude<FromWorker, { say: "done" | "refused" | "head" | "released" | "leftovers" }>;

export class RecorderLink {
  private readonly asked = new Map<number, { done: (note: string) => void; refused: (error: Error) => void }>();
  private readonly heads = new Map<string, Head>();
  private readonly watchers = new Set<(head: Head) => void>();
  private nextId = 1;

  constructor(
    private readonly worker: Worker,
    private readonly told: (message: Told) => void,
    private readonly released: (made: ReleaseGrant) => void = () => undefined,
  ) {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data);
    worker.onerror = () => told({ say: "failed", slot: null, code: "worker" });
  }

  send(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  /** Sends a question; resolves with the note that answers it. */
  ask(message: (id: number) => ToWorker): Promise<string> {
    const id = this.nextId++;
    return new Promise((done, refused) => {
      this.asked.set(id, { done, refused });
      this.send(message(id));
    });
  }

  /** The last heads are told at once: whoever comes late knows where each chain stands. */
  onHead(callback: (head: Head) => void): () => void {
    this.watchers.add(callback);
    for (const head of this.heads.values()) callback(head);
    return () => this.watchers.delete(callback);
  }

  private hear(message: FromWorker): void {
    switch (message.say) {
      case "head":
        this.heads.set(message.head.recording, message.head);
        for (const watcher of [...this.watchers]) watcher(message.head);
        return;
      case "done":
        return this.answered(message.id)?.done(message.note ?? "");
      case "refused":
        return this.answered(message.id)?.refused(new Error(message.code));
      case "released":
        return this.released(message.made);
      case "leftovers":
        return;
      default:
        return this.told(message);
    }
  }

  private answered(id: number) {
    const found = this.asked.get(id);
    this.asked.delete(id);
    return found;
  }
}

/** Returns what the worker has to know of a press. */
export function pressOf({ service, organization, encounter, guestCode, deletion, own, release }: RecorderOptions): Press {
  return {
    encounter,
    guestCode,
    origin: service.origin,
    organizationKey: service.organization_key,
    logKey: organization.log,
    receiptsKey: organization.receipts,
    custodian: organization.custodian,
    deletion: deletion ?? own?.place?.deletion ?? null,
    own: own?.recipient ?? null,
    locator: own?.place?.locator ?? null,
    token: own?.place?.token ?? null,
    release: release?.recipient ?? null,
  };
}
