/**
 * Sends one recording's queue, one request at a time, until the server has receipted everything.
 * A thing leaves the queue only when the receipt was checked: signed by the receipts key pinned at
 * the press, about this entry, and saying `kept` where there are bytes.
 *
 *     no network, 5xx   again for ever, 0.5 s to 5 s with jitter, at once on `nudge`
 *     507               bytes wait 5 s, the statements go on alone
 *     409               the server says where its chain ends: what it lacks is sent again, if it is here
 *     other 4xx         the thing stays; its statement is tried alone; again after 30 s
 *
 * Of a segment whose bytes are lost the statement goes, and its receipt is all there is to wait for.
 * On a poor line statements go before the bytes they speak of, and film waits for the call (line).
 * Not here: what is sent (device), where it lies (queue), whose turn it is among recordings (line).
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { Verifier } from "./evidence/notes";
import { type Receipt, grantEntry, openReceipt, sameEntry, statementEntry } from "./evidence/receipts";
import { sameBytes, utf8, writeBase64, writeHex } from "./evidence/text";
import { Line, type Rank, type Sender, type Wire } from "./line";
import type { Item, Queue } from "./queue";

export type { Wire } from "./line";

const FULL_PAUSE = 5_000;
const REFUSED_PAUSE = 30_000;
const BUSY_PAUSE = 5_000;
const GRANTS_LOOKED_AT = 256;

/**
 * What the page may show: `offline` (no answer), `server` (5xx), `storage-full` (507), `receipt`
 * (one that does not hold), `refused:<status>` (4xx), `damaged` (a file of the queue).
 */
export type UplinkProblem = string;

export interface Report {
  /** after every change of the queue or of the problem */
  changed(): void;
  /** what is settled is off the queue's list by then */
  receipted(item: Item, receipt: Receipt): void;
  /** nobody hears what is lost: it stays in the queue until somebody does */
  readonly unheard?: boolean;
}

type Outcome =
  | { is: "receipted"; receipt: Receipt; text: string }
  | { is: "unreachable"; problem: "offline" | "server" }
  | { is: "unbelievable" }
  | { is: "full" }
  | { is: "conflict"; last: number | null; digest: string | null }
  | { is: "refused"; status: number };

type Step = { item: Item; alone: boolean };

export class Uplink implements Sender {
  problem: UplinkProblem | null = null;
  /** when the last receipt was verified, by the wire's clock */
  settledAt: number;

  private readonly verifier: Verifier;
  private readonly opening: Uint8Array;
  /** segments whose statement was receipted as `awaited` */
  private readonly stated = new Set<string>();
  /** until when a thing is not tried again, because it was refused */
  private readonly barred = new Map<string, number>();
  private readonly barredBytes = new Map<string, number>();
  private fullUntil = 0;
  /** the number that both the server and this phone lack: it takes nothing behind it */
  private hole = Number.POSITIVE_INFINITY;
  private refusal: UplinkProblem | null = null;
  private failures = 0;
  private ended = false;

  constructor(
    private readonly queue: Queue,
    private readonly wire: Wire,
    private readonly report: Report,
    private readonly line: Line = new Line(wire),
  ) {
    line.add(this);
    this.verifier = Verifier.parse(queue.record.receipts);
    this.opening = utf8(queue.record.opening);
    this.settledAt = wire.now();
  }

  /** How many things can never go, because the server lacks what came before them and so does this phone. */
  get stranded(): number {
    return this.queue.items.filter(({ number }) => number >= this.hole).length;
  }

  /** How many things are still to go. */
  get waiting(): number {
    const told = (item: Item) => this.queue.lost(item) && this.stated.has(item.name);
    return this.queue.items.filter((item) => item.number < this.hole && !told(item)).length;
  }

  /** Something was added, or the network came back: try now. */
  nudge(): void {
    this.line.nudge();
  }

  stop(): void {
    this.ended = true;
    this.nudge();
  }

  get stopped(): boolean {
    return this.ended;
  }

  /** Sends until `stop`; with `once`, until nothing is left or nothing can go for now. */
  run(once = false): Promise<void> {
    return this.line.run(once);
  }

  next(): { rank: Rank; send(): Promise<void> } | null {
    const step = this.choose();
    return step && { rank: this.rankOf(step), send: () => this.take(step) };
  }

  private async take(step: Step): Promise<void> {
    const outcome = await this.send(step);
    if (this.ended && outcome?.is !== "receipted") return;
    if (outcome) await this.settle(step, outcome);
    else this.tell("damaged");
  }

  private rankOf({ item, alone }: Step): Rank {
    const film = this.queue.record.kind === "film";
    const first = item.what === "opening" || item.what === "grant" || item.number === 1;
    // A film that is made smaller opens anew: ten kilobytes that no sound waits for.
    if (this.line.poor) return film ? (first || alone || item.what === "statement" ? 1 : 3) : 0;
    if (first) return 0;
    if (alone || item.what === "statement") return 1;
    return film ? 3 : 2;
  }

  /** The opening first, then the initialization, then grants, then the chain in its order. */
  private choose(): Step | null {
    const now = this.wire.now();
    const barred = (item: Item) => (this.barred.get(item.name) ?? 0) > now;
    const opening = this.queue.items.find(({ what }) => what === "opening");
    if (opening) return barred(opening) ? null : { item: opening, alone: false };
    const grant = this.queue.items.find((item) => item.what === "grant" && !barred(item));
    const chain = this.queue.items.filter(({ what }) => what !== "grant").sort((a, b) => a.number - b.number);
    const [first] = chain;
    if (grant && first?.number !== 1) return { item: grant, alone: false };
    const film = this.queue.record.kind === "film";
    const waits = (item: Item) => film && this.line.held && item.number > 1;
    const barredBytes = (item: Item) => now < Math.max(this.fullUntil, this.barredBytes.get(item.name) ?? 0);
    const bytes = (item: Item) =>
      item.what === "segment" && !this.queue.lost(item) && !barredBytes(item) && !waits(item);
    // Sound is small: said ahead, it would cost a way there and back and come no sooner.
    const ahead = this.line.poor && film;
    let later: Step | null = null;
    for (const item of chain) {
      const stated = this.stated.has(item.name);
      const whole = bytes(item) && !(barred(item) && !stated);
      // Where little gets through, all that is said goes before any of what is shown.
      if (whole && !(ahead && item.number > 1)) return later ?? { item, alone: false };
      if (whole) later ??= { item, alone: false };
      if (!stated && barred(item)) break; // nothing may follow a statement that is not taken
      if (!stated) return { item, alone: item.what === "segment" };
    }
    return later ?? (grant ? { item: grant, alone: false } : null);
  }

  private async send({ item, alone }: Step): Promise<Outcome | null> {
    const body = alone && item.what !== "statement" ? new Uint8Array() : await this.queue.body(item);
    if (!body) return null;
    const request = this.request(item, alone, body);
    const limit = new AbortController();
    this.line.goodput.begin(this.wire.now());
    let taken = 0;
    // Slower than 1 kB/s counts as no network: the request is made again.
    const timer = setTimeout(() => limit.abort(), 20_000 + body.length);
    try {
      const response = await this.wire.fetch(request.path, { ...request.init, signal: limit.signal });
      const outcome = await this.judge(item, alone, response, body);
      taken = body.length + item.note.length;
      return outcome;
    } catch {
      return { is: "unreachable", problem: "offline" };
    } finally {
      this.line.goodput.end(taken, this.wire.now());
      clearTimeout(timer);
    }
  }

  private request(item: Item, alone: boolean, body: Uint8Array): { path: string; init: RequestInit } {
    const base = `/api/recordings/${this.queue.record.recording}`;
    const common = { cache: "no-store", credentials: "omit", redirect: "error" } as const;
    const bytes = new Uint8Array(body);
    const type = { "Content-Type": "application/octet-stream" };
    // What was sent ahead is not said twice: half a kilobyte counts on the lines where it was.
    const sealed = this.stated.has(item.name) ? type : { ...type, Statement: writeBase64(utf8(item.note)) };
    switch (item.what) {
      case "opening": {
        const headers = { "Content-Type": "application/json" };
        return { path: "/api/recordings", init: { ...common, method: "POST", headers, body: bytes } };
      }
      case "grant":
        return { path: `${base}/grants`, init: { ...common, method: "POST", headers: sealed, body: bytes } };
      case "segment":
        if (!alone) {
          const path = `${base}/segments/${item.number}`;
          return { path, init: { ...common, method: "PUT", headers: sealed, body: bytes } };
        }
    }
    const headers = { "Content-Type": "text/plain; charset=utf-8" };
    return { path: `${base}/statements/${item.number}`, init: { ...common, method: "PUT", headers, body: item.note } };
  }

  private async judge(item: Item, alone: boolean, response: Response, body: Uint8Array): Promise<Outcome> {
    const text = await response.text();
    if (response.status === 200 || response.status === 201) {
      const receipt = this.believe(item, alone, text, body);
      return receipt ? { is: "receipted", receipt, text } : { is: "unbelievable" };
    }
    if (response.status === 507) return { is: "full" };
    if (response.status === 409) return { is: "conflict", ...readConflict(text) };
    if (response.status >= 400 && response.status < 500) return { is: "refused", status: response.status };
    return { is: "unreachable", problem: "server" };
  }

  /** Returns the receipt if it settles this very thing, else null. */
  private believe(item: Item, alone: boolean, text: string, body: Uint8Array): Receipt | null {
    try {
      const receipt = openReceipt(utf8(text), this.verifier);
      if (receipt.log !== this.queue.record.origin) return null;
      return this.isAbout(item, receipt, body) && saysEnough(item, alone, receipt) ? receipt : null;
    } catch {
      return null;
    }
  }

  private isAbout(item: Item, receipt: Receipt, body: Uint8Array): boolean {
    if (item.what !== "grant") {
      return sameEntry(receipt.entry, statementEntry(this.opening, item.number, utf8(item.note)));
    }
    // Which number a grant got, the server knows: others may have granted from elsewhere.
    if (!sameBytes(receipt.entry.digest, sha256(body))) return false;
    for (let number = 0; number < GRANTS_LOOKED_AT; number++) {
      if (sameEntry(receipt.entry, grantEntry(this.queue.record.recording, number, body))) return true;
    }
    return false;
  }

  private async settle({ item, alone }: Step, outcome: Outcome): Promise<void> {
    switch (outcome.is) {
      case "receipted":
        return await this.receipted(item, alone, outcome);
      case "unreachable":
        return await this.fail(outcome.problem);
      case "unbelievable":
        return await this.fail("receipt");
      case "full":
        this.fullUntil = this.wire.now() + FULL_PAUSE;
        if (alone || item.what !== "segment") this.barred.set(item.name, this.fullUntil);
        return this.tell("storage-full");
      case "conflict":
        return this.conflict(item, alone, outcome);
      case "refused":
        // It does not know the recording, though it acknowledged the opening.
        if (outcome.status === 404 && this.queue.items.every(({ what }) => what !== "opening")) this.hole = 0;
        return this.bar(item, alone, outcome.status);
      default:
        return outcome satisfies never;
    }
  }

  private async receipted(item: Item, alone: boolean, { receipt, text }: Outcome & { is: "receipted" }): Promise<void> {
    this.failures = 0;
    this.settledAt = this.wire.now();
    const lost = this.queue.lost(item) && this.report.unheard !== true;
    if (alone && item.what === "segment" && receipt.bytes !== "kept" && !lost) {
      this.stated.add(item.name);
    } else {
      await this.queue.settle(item, writeHex(sha256(utf8(item.note))), text);
      for (const memory of [this.stated, this.barred, this.barredBytes]) memory.delete(item.name);
    }
    this.problem = this.lasting();
    this.report.receipted(item, receipt);
    this.report.changed();
  }

  private async fail(problem: UplinkProblem): Promise<void> {
    this.tell(problem);
    const longest = Math.min(5_000, 500 * 2 ** this.failures++);
    await this.line.pause(longest * (0.5 + this.wire.random() / 2));
  }

  /** The server's chain ends elsewhere: go back to what it lacks, if that is still here. */
  private conflict(item: Item, alone: boolean, { last }: { last: number | null }): void {
    const lacking = last === null ? undefined : this.queue.items.find((one) => one.number === last + 1);
    if (last !== null && last < item.number - 1 && lacking && lacking.what !== "grant") {
      for (const one of this.queue.items) if (one.number > last) this.stated.delete(one.name);
      if (lacking !== item && !this.barred.has(lacking.name)) return;
    }
    if (last !== null && last < item.number - 1 && !lacking) this.hole = last + 1;
    // Its statement went ahead and was forgotten there: both go again at once.
    if (!alone && last === item.number - 1 && this.stated.delete(item.name)) return;
    this.bar(item, alone, 409);
  }

  private bar(item: Item, alone: boolean, status: number): void {
    const until = this.wire.now() + (status === 429 ? BUSY_PAUSE : REFUSED_PAUSE);
    // Whoever refuses bytes may have lost what was stated of them: next time both go again.
    if (!alone) this.stated.delete(item.name);
    if (item.what === "segment" && !alone) this.barredBytes.set(item.name, until);
    else this.barred.set(item.name, until);
    this.refusal = `refused:${status}`;
    this.tell(this.refusal);
  }

  /** What is still wrong although this one thing went well. */
  private lasting(): UplinkProblem | null {
    if (this.fullUntil > this.wire.now()) return "storage-full";
    return this.barred.size > 0 || this.barredBytes.size > 0 ? this.refusal : null;
  }

  private tell(problem: UplinkProblem): void {
    this.problem = problem;
    this.report.changed();
  }

  untilSomething(): number {
    if (this.queue.items.length === 0) return 60_000;
    const now = this.wire.now();
    const later = [this.fullUntil, ...this.barred.values(), ...this.barredBytes.values()].filter((at) => at > now);
    return later.length > 0 ? Math.min(...later) - now + 1 : 60_000;
  }

  /** A sender of leftovers waits for room, but not for a refusal to be taken back. */
  mayWait(): boolean {
    return this.queue.items.length > 0 && this.fullUntil > this.wire.now();
  }
}

/** Statements and openings have no bytes; a segment's must be kept before it is forgotten here. */
function saysEnough(item: Item, alone: boolean, receipt: Receipt): boolean {
  switch (item.what) {
    case "segment":
      return receipt.bytes === "kept" || (alone && receipt.bytes === "awaited");
    case "grant":
      return receipt.bytes === "kept";
    case "opening":
    case "statement":
      return receipt.bytes === "none";
    default:
      return item.what satisfies never;
  }
}

function readConflict(text: string): { last: number | null; digest: string | null } {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem !== "object" || problem === null) return { last: null, digest: null };
    const { last, digest } = problem as { last?: unknown; digest?: unknown };
    return {
      last: Number.isSafeInteger(last) ? Number(last) : null,
      digest: typeof digest === "string" ? digest : null,
    };
  } catch {
    return { last: null, digest: null };
  }
}

/** The browser's own wire. */
export const browserWire: Wire = {
  fetch: (path, init) => fetch(path, init),
  now: () => performance.now(),
  random: () => Math.random(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener("abort", done, { once: true });
      globalThis.addEventListener("online", done, { once: true });
      function done() {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        globalThis.removeEventListener("online", done);
        resolve();
      }
    }),
};
