import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Following } from "../src/evidence/statements";
import { type Run, STILL, type Track } from "../src/fragments";
import { Mutes, Placing } from "../src/placing";
import type { ToWorker } from "../src/recorder-messages";
import type { Span } from "../src/spans";
import { Strand } from "../src/strand";
import type { Chain } from "../src/verify/chain";
import { Findings } from "../src/verify/findings";
import { checkTimes } from "../src/verify/times";

type Kind = Track["kind"];
const PICTURE = 33;
const SOUND = 10;
/** Milliseconds by which a stated edge may be off: one picture, and how long that may stand (STILL). */
const NEAR = 240;

/** Milliseconds since the opening: what went wrong in one encounter. */
interface Trouble {
  /** the page's thread stands still */
  readonly blocked: readonly Span[];
  /** out of sight */
  readonly unseen: readonly Span[];
  /** a device that gives nothing */
  readonly gone: Readonly<Record<Kind, readonly Span[]>>;
  /** a track that says it is muted, and goes on with black or silent samples */
  readonly muted: Readonly<Record<Kind, readonly Span[]>>;
  /** until then every sample comes late by so much: the page has other work */
  readonly late: { readonly until: number; readonly by: number };
}

const within = (at: number, spans: readonly Span[]) => spans.find(({ from, to }) => at >= from && at < to);

/** A page's thread with a camera, a microphone, an encoder and a muxer, and a strand that hears of them. */
class Page {
  now = 0;
  readonly said: ToWorker[] = [];
  /** when samples that reached the encoder were, by kind */
  readonly taken: Record<Kind, number[]> = { video: [], sound: [] };
  readonly strand: Strand;
  private readonly placing = new Placing(0);
  private readonly mutes = new Mutes(0);
  private readonly encoded: { kind: Kind; media: number; duration: number }[] = [];

  constructor(private readonly trouble: Trouble, private readonly chance: () => number) {
    vi.spyOn(performance, "now").mockImplementation(() => this.now);
    this.strand = new Strand(0, null, { plan: null }, null, {
      send: (message) => void this.said.push(message),
      changed: () => undefined,
      flowing: () => undefined,
      failed: () => undefined,
    });
    this.strand.markOpened();
  }

  async record(until: number): Promise<void> {
    const { blocked, unseen, late } = this.trouble;
    for (const { kind, at } of this.samples(until)) {
      const block = within(at, blocked);
      const before = this.now;
      this.now = Math.max(before, at + (at < late.until ? late.by : 0), block?.to ?? 0);
      for (const span of unseen) {
        if (before <= span.from && span.from < this.now) this.at(span.from, () => this.strand.setHidden(true));
        if (before < span.to && span.to <= this.now) this.at(span.to, () => this.strand.setHidden(false));
      }
      const tasks: (() => void)[] = [() => this.take(kind, at)];
      if (this.chance() < 0.05 || this.now > at) tasks.push(() => this.look());
      if (this.chance() < 0.03 || this.now > at) tasks.push(() => this.emit());
      if (this.now > 300 && this.strand.kind === null) tasks.push(() => this.strand.open("film", "video/mp4"));
      tasks.sort(() => this.chance() - 0.5);
      for (const task of tasks) task();
    }
    this.emit(true);
    this.look();
    for (const span of this.mutes.open(this.now)) this.strand.hole(span, true);
    for (const span of this.placing.open()) this.strand.hole(span, false);
    await this.strand.stop("stopped");
  }

  /** What a browser hands over: of a time when nobody asks, the first one and the last few. */
  private samples(until: number): { kind: Kind; at: number }[] {
    const all: { kind: Kind; at: number }[] = [];
    for (const [kind, step, kept] of [["video", PICTURE, 1], ["sound", SOUND, 10]] as const) {
      for (let at = 0; at < until; at += step) {
        const block = within(at, this.trouble.blocked);
        const lost = block && at - block.from >= step && block.to - at > kept * step;
        if (!lost && !within(at, this.trouble.gone[kind])) all.push({ kind, at });
      }
    }
    return all.sort((one, other) => one.at - other.at);
  }

  private take(kind: Kind, at: number): void {
    const duration = kind === "sound" ? SOUND / 1000 : 0;
    this.taken[kind].push(at);
    const { media, cut } = this.placing.take(kind, at / 1000, duration, kind === "sound" ? this.now - SOUND : this.now);
    if (cut) this.emit();
    this.encoded.push({ kind, media, duration: kind === "sound" ? duration : PICTURE / 1000 });
  }

  private look(): void {
    for (const kind of ["video", "sound"] as const) {
      const silenced = this.mutes.look(kind, within(this.now, this.trouble.muted[kind]) !== undefined, this.now);
      if (silenced) this.strand.hole(silenced, true);
    }
  }

  /** Ends a fragment; what the encoder still holds of the last moments comes with the next one. */
  private emit(all = false): void {
    const held = all ? 0 : Math.floor(this.chance() * 12);
    const ready = this.encoded.splice(0, Math.max(0, this.encoded.length - held));
    const runs = (["video", "sound"] as const).flatMap((kind) => runOf(kind, ready.filter((one) => one.kind === kind)));
    if (runs.length === 0) return;
    const { offset, duration, holes } = this.placing.place(runs);
    this.strand.piece({ data: new Uint8Array(), offset, duration });
    for (const span of holes) this.strand.hole(span, false);
  }

  private at(now: number, act: () => void): void {
    const before = this.now;
    this.now = now;
    act();
    this.now = before;
  }

  statements(): Following[] {
    const found = this.said.flatMap((one) =>
      one.do === "segment" || one.do === "gap" || one.do === "close"
        ? [{ ...one, form: one.do === "close" ? "closing" : one.do }]
        : [],
    );
    // The initialization is number 1.
    return found.map((one, at) => ({ ...one, number: at + 2 }) as unknown as Following);
  }

  spans(form: "segment" | "gap"): (Span & { reason: string })[] {
    return this.statements().flatMap((one) =>
      one.form === form ? [{ from: one.offset, to: one.offset + (one as { duration: number }).duration,
        reason: one.form === "gap" ? one.reason : "" }] : [],
    );
  }

  /** What a verifier finds in the times of all that was said. */
  found(): string[] {
    const following = this.statements();
    const closing = following.at(-1)?.form === "closing" ? following.at(-1) : null;
    const findings = new Findings();
    checkTimes({ opening: { kind: "film", time: 0 }, following, closing } as unknown as Chain, findings);
    return JSON.stringify(findings) === JSON.stringify(new Findings()) ? [] : [JSON.stringify(findings)];
  }

  /** Stretches in which no sample of a kind reached the encoder, between the first piece and the closing. */
  silent(kinds: readonly Kind[], over: number): Span[] {
    const pieces = this.spans("segment");
    const [from, to] = [pieces[0]?.from ?? 0, pieces.at(-1)?.to ?? 0];
    const times = kinds.flatMap((kind) => this.taken[kind]).filter((at) => at >= from && at <= to);
    const edges = [from, ...times.sort((one, other) => one - other), to];
    return edges.slice(1).flatMap((at, before) => {
      const last = edges[before] ?? 0;
      return at - last > over ? [{ from: last, to: at }] : [];
    });
  }
}

function runOf(kind: Kind, samples: readonly { media: number; duration: number }[]): Run[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) return [];
  const starts = samples.map(({ media }) => media);
  const holes = starts.slice(1).flatMap((end, at) => {
    const start = starts[at] ?? end;
    return kind === "video" && end - start > STILL ? [{ start, end }] : [];
  });
  const end = last.media + last.duration;
  return [{ kind, samples: samples.length, start: first.media, last: last.media, end, holes }];
}

/** What of a stretch none of these cover, a little at its edges aside. */
function uncovered({ from, to }: Span, spans: readonly Span[]): Span[] {
  let at = from;
  const missing: Span[] = [];
  for (const one of [...spans].sort((a, b) => a.from - b.from)) {
    if (one.from - at > NEAR && at < to) missing.push({ from: at, to: Math.min(one.from, to) });
    at = Math.max(at, one.to);
  }
  if (to - at > NEAR) missing.push({ from: at, to });
  return missing.filter((one) => one.to - one.from > NEAR);
}

const steps = (times: readonly number[]) => times.slice(1).map((to, at) => to - (times[at] ?? to));

const NONE = { video: [], sound: [] };
const CALM: Trouble = { blocked: [], unseen: [], gone: NONE, muted: NONE, late: { until: 0, by: 0 } };
const BLOCK = { from: 6_000, to: 9_000 };
/** A number from 0 to 1 that follows from a seed. */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function recorded(trouble: Partial<Trouble>, seed: number): Promise<Page> {
  const page = new Page({ ...CALM, ...trouble }, chances(seed));
  await page.record(14_000);
  return page;
}

beforeEach(() => void vi.restoreAllMocks());
afterEach(() => void vi.restoreAllMocks());

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed * 7919 + 1);

describe("what is missing in a recording is stated", () => {
  test("nothing is, where nothing is missing", async () => {
    for (const seed of SEEDS.slice(0, 10)) {
      const page = await recorded({}, seed);
      expect(page.spans("gap"), String(seed)).toEqual([]);
      expect(page.found(), String(seed)).toEqual([]);
    }
  });

  test("three seconds out of sight are hidden, whoever comes first when the page goes on", async () => {
    for (const seed of SEEDS) {
      const page = await recorded({ blocked: [BLOCK], unseen: [BLOCK] }, seed);
      const hidden = page.spans("gap").filter(({ reason }) => reason === "hidden");
      expect(uncovered(BLOCK, hidden), String(seed)).toEqual([]);
      expect(Math.max(...hidden.map(({ from, to }) => to - from)), String(seed)).toBeGreaterThan(2_500);
      expect(page.found(), String(seed)).toEqual([]);
      expect(page.strand.missing, String(seed)).toBeLessThan(3_600);
    }
  });

  test("right after a mute both are said", async () => {
    const muted = { from: 3_000, to: 5_900 };
    for (const seed of SEEDS) {
      const page = await recorded({ blocked: [BLOCK], unseen: [BLOCK], muted: { ...NONE, video: [muted] } }, seed);
      const gaps = page.spans("gap");
      expect(uncovered(muted, gaps.filter(({ reason }) => reason === "muted")), String(seed)).toEqual([]);
      expect(uncovered(BLOCK, gaps.filter(({ reason }) => reason === "hidden")), String(seed)).toEqual([]);
      expect(page.found(), String(seed)).toEqual([]);
    }
  });

  test("a mute is said whole, though the picture stutters all the while", async () => {
    const muted = { from: 3_000, to: 6_000 };
    const stutters = Array.from({ length: 6 }, (_, at) => ({ from: 2_800 + at * 600, to: 3_150 + at * 600 }));
    for (const seed of SEEDS.slice(0, 20)) {
      const page = await recorded({ muted: { ...NONE, video: [muted] }, gone: { ...NONE, video: stutters } }, seed);
      const said = page.spans("gap").filter(({ reason, from, to }) => reason === "muted" && to - from > 2_500);
      expect(uncovered(muted, said), String(seed)).toEqual([]);
      expect(page.found(), String(seed)).toEqual([]);
    }
  });

  test("a camera that gives nothing while sound goes on is said before it comes back, and at the end", async () => {
    for (const seed of SEEDS.slice(0, 20)) {
      const page = await recorded({ gone: { ...NONE, video: [{ from: 2_000, to: 60_000 }] } }, seed);
      const gaps = page.spans("gap");
      expect(gaps.every(({ reason }) => reason === "muted" || reason === "device"), String(seed)).toBe(true);
      expect(uncovered({ from: 2_000, to: page.spans("segment").at(-1)?.to ?? 0 }, gaps), String(seed)).toEqual([]);
      expect(gaps.length, String(seed)).toBeGreaterThan(1);
      expect(page.found(), String(seed)).toEqual([]);
    }
  });

  test("samples that come late at first hide no hole, whoever comes promptly later", async () => {
    const hole = fc.record({ from: fc.integer({ min: 1_000, max: 5_000 }), length: fc.integer({ min: 300, max: 900 }) });
    const late = fc.record({ until: fc.integer({ min: 500, max: 5_000 }), by: fc.integer({ min: 100, max: 1_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(hole, { maxLength: 3 }), late, fc.nat(), async (holes, late, seed) => {
        const video = holes.map(({ from, length }) => ({ from, to: from + length }));
        const page = await recorded({ gone: { ...NONE, video }, late }, seed);
        const missing = steps(page.taken.video).filter((one) => one > 1000 * STILL);
        const told = page.spans("gap").map(({ from, to }) => to - from);
        expect(told.length).toBe(missing.length);
        missing.forEach((one, at) => expect((told[at] ?? 0) / one).toBeGreaterThan(0.88));
        expect(page.found()).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test("a law: no hole is left unsaid, in whatever order samples, looks and fragments come", async () => {
    const span = (most: number) =>
      fc.tuple(fc.integer({ min: 800, max: 13_000 }), fc.integer({ min: 50, max: most }))
        .map(([from, length]): Span => ({ from, to: from + length }));
    const some = (most: number) => fc.array(span(most), { maxLength: 2 });
    const troubles = fc.record({
      blocked: some(4_000),
      unseen: fc.array(span(4_000), { maxLength: 1 }),
      gone: fc.record({ video: some(7_000), sound: some(7_000) }),
      muted: fc.record({ video: some(3_000), sound: some(3_000) }),
    });
    await fc.assert(
      fc.asyncProperty(troubles, fc.nat(), async (trouble, seed) => {
        const page = await recorded(trouble, seed);
        const gaps = page.spans("gap");
        const holes = [
          ...page.silent(["video"], 1000 * STILL + NEAR),
          ...page.silent(["sound"], 1000 * STILL + NEAR),
          ...page.silent(["video", "sound"], 1000 * STILL + NEAR),
        ];
        expect(holes.flatMap((one) => uncovered(one, gaps))).toEqual([]);
        expect(page.found()).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
