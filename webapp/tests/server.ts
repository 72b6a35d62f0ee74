/** A server in memory that keeps to docs/format.md, for tests of the sender. Nothing is durable. */

import { sha256 } from "@noble/hashes/sha2.js";
import { Signer } from "../src/evidence/notes";
import { type Bytes, type Entry, grantEntry, statementEntry, writeReceipt } from "../src/evidence/receipts";
import {
  type Chain,
  followChain,
  openFollowing,
  openOpening,
  recordingVerifier,
  startChain,
} from "../src/evidence/statements";
import { readBase64, readUtf8, utf8, writeHex } from "../src/evidence/text";
import type { Wire } from "../src/uplink";

export const ORIGIN = "log.example.org";

interface Kept {
  note: Uint8Array;
  entry: Entry;
  index: number;
  bytes: Bytes;
  sealed: Uint8Array | null;
}

export class FakeServer {
  readonly receipts = new Signer(`${ORIGIN}/receipts`, sha256(utf8("receipts")));
  /** method and path of every request that came */
  readonly asked: string[] = [];
  readonly statements = new Map<number, Kept>();
  readonly grants: Uint8Array[] = [];
  /** called before a request is looked at: a Response is the answer, an error is a broken line */
  before: (path: string, init: RequestInit) => Response | null = () => null;
  /** called on an answer that is ready: may bend or lose it */
  after: (answer: Response, path: string) => Response | Promise<Response> = (answer) => answer;
  private opening: Uint8Array = new Uint8Array();
  private chain: Chain | null = null;
  private index = 0;

  async fetch(path: string, init: RequestInit): Promise<Response> {
    this.asked.push(`${init.method} ${path.replace(/\/api\/recordings\/?([a-z2-7]{32})?\/?/, "")}`.trim());
    await Promise.resolve();
    return await this.after(this.before(path, init) ?? (await this.answer(path, init)), path);
  }

  private async answer(path: string, init: RequestInit): Promise<Response> {
    const body = new Uint8Array(await new Response(init.body ?? null).arrayBuffer());
    if (path === "/api/recordings") return this.open(body);
    if (!this.chain) return problem(404, {});
    const [, what, number] = /(statements|segments|grants)\/?(\d+)?$/.exec(path) ?? [];
    const header = new Headers(init.headers).get("Statement");
    // Sent before, it is not needed again.
    const note = header === null ? this.statements.get(Number(number))?.note : readBase64(header);
    if (what === "grants") return this.grant(body);
    if (what === "statements") return this.take(Number(number), body, null);
    return this.take(Number(number), note ?? new Uint8Array(), body);
  }

  private open(body: Uint8Array): Response {
    const { opening } = JSON.parse(readUtf8("body", body)) as { opening: string };
    const note = utf8(opening);
    const fresh = this.chain === null;
    if (fresh) this.chain = startChain(openOpening(note), note);
    this.opening = note;
    return this.keep(0, note, "none", null);
  }

  private take(number: number, note: Uint8Array, sealed: Uint8Array | null): Response {
    const kept = this.statements.get(number);
    if (kept) {
      if (readUtf8("a", kept.note) !== readUtf8("b", note)) return this.conflict();
      if (sealed) Object.assign(kept, { bytes: "kept", sealed });
      return this.receipt(kept, 200);
    }
    const chain = this.chain;
    if (!chain) return problem(404, {});
    try {
      const key = openOpening(this.opening).key;
      const statement = openFollowing(note, recordingVerifier(key));
      if (statement.number !== number) return problem(422, {});
      this.chain = followChain(chain, statement, note);
      return this.keep(number, note, statement.form === "segment" ? (sealed ? "kept" : "awaited") : "none", sealed);
    } catch {
      return this.conflict();
    }
  }

  private grant(file: Uint8Array): Response {
    const recording = this.chain?.recording ?? "";
    const entry = grantEntry(recording, 1 + this.grants.length, file);
    this.grants.push(file);
    return this.receipt({ note: file, entry, index: this.index++, bytes: "kept", sealed: null }, 201);
  }

  private keep(number: number, note: Uint8Array, bytes: Bytes, sealed: Uint8Array | null): Response {
    const before = this.statements.get(number);
    const entry = statementEntry(this.opening, number, note);
    const kept = before ?? { note, entry, index: this.index++, bytes, sealed };
    this.statements.set(number, kept);
    return this.receipt(kept, before ? 200 : 201);
  }

  private receipt({ index, entry, bytes }: Kept, status: number): Response {
    const text = writeReceipt({ log: ORIGIN, index, entry, bytes, time: Date.UTC(2026, 10, 21) + index });
    return new Response(readUtf8("receipt", this.receipts.sign(text)), { status });
  }

  private conflict(): Response {
    const { last, digest } = this.chain ?? { last: 0, digest: new Uint8Array(32) };
    return problem(409, { last, digest: writeHex(digest) });
  }

  /** Forgets all from statement `number` on, as a server restored from an old backup would. */
  loseFrom(number: number): void {
    const opening = this.statements.get(0)?.note ?? new Uint8Array();
    const key = openOpening(opening).key;
    for (const one of [...this.statements.keys()]) if (one >= number) this.statements.delete(one);
    this.chain = startChain(openOpening(opening), opening);
    for (const [one, { note }] of [...this.statements].sort(([a], [b]) => a - b)) {
      if (one > 0) this.chain = followChain(this.chain, openFollowing(note, recordingVerifier(key)), note);
    }
  }
}

export function problem(status: number, more: object): Response {
  const body = { type: "/problems/x", title: "x", status, detail: "", ...more };
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/problem+json" } });
}

/** A wire whose time passes only while something sleeps. */
export class FakeWire implements Wire {
  time = 0;
  readonly slept: number[] = [];
  /** called with every sleep: may stop the sender */
  onSleep: () => void = () => undefined;
  constructor(private readonly server: FakeServer) {}

  async fetch(path: string, init: RequestInit): Promise<Response> {
    return await this.server.fetch(path, init);
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return 1;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.slept.push(milliseconds);
    this.time += milliseconds;
    this.onSleep();
    await Promise.resolve();
  }
}

