/**
 * What a line can carry, decided: how large the film is, how long its pieces are, when the film waits
 * for the call. Pure; bits a second and milliseconds come in. The figures are FIELD.md's table for bad
 * lines, less what sound, call and statements take of it.
 */

/** How a film is made. Encoded size, rate and piece stay as they are for one recording. */
export interface Plan {
  readonly name: "full" | "half" | "small" | "slow";
  /** bits a second */
  readonly picture: number;
  /** bits a second of the sound within the film */
  readonly sound: number;
  /** seconds from one keyframe and fragment to the next */
  readonly piece: number;
  /** what is asked of the camera; null: as it is */
  readonly camera: { readonly width: number; readonly height: number; readonly frameRate: number } | null;
}

const SOUND = 32_000;
const SMALL = { width: 320, height: 240, frameRate: 15 };

/** The largest film that a goodput of at least `from` carries beside a call. */
const PLANS: readonly { readonly from: number; readonly plan: Plan }[] = [
  { from: 2_000_000, plan: { name: "full", picture: 1_000_000, sound: SOUND, piece: 0.5, camera: null } },
  { from: 1_000_000, plan: { name: "half", picture: 500_000, sound: SOUND, piece: 0.5, camera: null } },
  { from: 500_000, plan: { name: "small", picture: 250_000, sound: SOUND, piece: 0.5, camera: SMALL } },
  { from: 0, plan: { name: "slow", picture: 150_000, sound: 24_000, piece: 2, camera: SMALL } },
];

export const FULL: Plan = (PLANS[0] as (typeof PLANS)[number]).plan;

/** The sound recorded beside a film, or alone: constant bitrate, 2 s, all pieces of one size. */
export const SOUND_BESIDE = { bitrate: 24_000, piece: 2 } as const;

/** Below this a statement goes before its bytes. Bits a second. */
export const POOR = 500_000;

/** What the requests say of the line. */
export interface Measured {
  /** bits a second that requests reach; null where they are too few to say */
  readonly bits: number | null;
  /** share of the last seconds in which a request was on its way, 0 to 1 */
  readonly busy: number;
  /** not even a request of a few bytes is fast: it is the line that is slow, not this phone */
  readonly far?: boolean;
}

/** Busier than this, the line is what limits; more than `FULL_UP`, nothing more goes through it. */
export const LIMITING = 0.6;
const FULL_UP = 0.95;
/** Less busy than this, a larger film may be tried. */
const IDLE = 0.35;
/**
 * So too where the line is not the limit and requests reach this many times what the larger film asks
 * for: far away, or on a slow phone, most of a request's time is waiting, and it would stay small for ever.
 */
const AMPLE = 1.5;

/** The bits a second that a line allows, or null where it is not the line that limits. */
export function limitOf({ bits, busy }: Measured): number | null {
  return busy >= LIMITING ? bits : null;
}

/**
 * Bits a second that the call's picture may take, the last of all: none beside a film that had to
 * become small, nor before that on a line that is far and seen to be too little for both. A phone that
 * is slow for a moment must not make its picture come and go.
 */
export function callPicture(plan: Plan, measured: Measured): number {
  const limit = (measured.far ? limitOf(measured) : null) ?? Number.POSITIVE_INFINITY;
  if (plan.name === "full" && limit >= 2_000_000) return 300_000;
  return (plan.name === "full" || plan.name === "half") && limit >= 1_000_000 ? 150_000 : 0;
}

/** Bits a second of the call's voice, which is never left out: less on a line that carries no film. */
export function callVoice(measured: Measured): number {
  const limit = (measured.far ? limitOf(measured) : null) ?? Number.POSITIVE_INFINITY;
  return limit < THIN ? 24_000 : 32_000;
}

/** The plan that is right now; `now` is the one in use. A film grows step by step. */
export function planFor(measured: Measured, now: Plan): Plan {
  const at = PLANS.findIndex(({ plan }) => plan === now);
  const limit = limitOf(measured);
  if (limit !== null) {
    const fits = PLANS.findIndex(({ from }) => limit >= from);
    if (fits > at) return planAt(fits);
    return measured.busy >= FULL_UP ? planAt(at + 1) : now;
  }
  const larger = PLANS[at - 1];
  const ample = larger !== undefined && (measured.bits ?? 0) >= AMPLE * larger.from;
  return measured.busy < IDLE || ample ? planAt(at - 1) : now;
}

function planAt(at: number): Plan {
  return PLANS[Math.min(Math.max(at, 0), PLANS.length - 1)]?.plan ?? FULL;
}

/**
 * Milliseconds for which another plan must have been the right one: one replacement costs 10 kB. On a
 * poor line that is far less: each half second is a request of its own, and costs a way there and back.
 */
const DOWN_AFTER = 3_000;
const DOWN_AFTER_POOR = 1_000;
const UP_AFTER = 20_000;

/** Says when a film is to be replaced by a smaller or a larger one. */
export class Planner {
  private turn = 0;
  private since = 0;

  constructor(public plan: Plan = FULL) {}

  /** Returns the plan to change to, or null where the film goes on as it is. */
  consider(measured: Measured, now: number): Plan | null {
    const right = planFor(measured, this.plan);
    const turn = Math.sign(right.picture - this.plan.picture);
    // Still worse, or still better: what was waited for counts on.
    if (turn !== this.turn) this.since = now;
    this.turn = turn;
    const poor = measured.far === true && (limitOf(measured) ?? POOR) < POOR;
    const down = poor ? DOWN_AFTER_POOR : DOWN_AFTER;
    if (turn === 0 || now - this.since < (turn < 0 ? down : UP_AFTER)) return null;
    this.plan = right;
    this.turn = 0;
    return right;
  }
}

/** Milliseconds over its floor at which the call's round trip makes the film wait, and go on. */
const HOLD = 150;
const RELEASE = 75;
/** Milliseconds for which a floor is believed. */
const FLOOR_LIFE = 60_000;
/**
 * Bits a second under which a line carries a call and the sound beside it and no film: one piece of
 * film would fill it for seconds. FIELD.md's table; and what it must reach for film to go again.
 */
const THIN = 300_000;
const NOT_THIN = 400_000;

/** Watches the call's round trip, and whether the line has room for anything beside call and sound. */
export class CallWatch {
  held = false;
  private thin = false;
  private readonly heard: { at: number; roundTrip: number }[] = [];

  /**
   * Takes a round trip in milliseconds, or null where no call is connected, and the line's limit; says
   * whether film waits.
   */
  hear(roundTrip: number | null, now: number, limit: number | null = null): boolean {
    if (roundTrip === null) {
      this.heard.length = 0;
      this.thin = false;
      return (this.held = false);
    }
    if (limit !== null) this.thin = limit < (this.thin ? NOT_THIN : THIN);
    this.heard.push({ at: now, roundTrip });
    while (now - (this.heard[0]?.at ?? now) > FLOOR_LIFE) this.heard.shift();
    const floor = Math.min(...this.heard.map((one) => one.roundTrip));
    this.held = this.thin || roundTrip - floor > (this.held ? RELEASE : HOLD);
    return this.held;
  }
}

/** Milliseconds that the estimate looks back on. */
const WINDOW = 5_000;
/** Milliseconds after the first request from which its share of the time says something, far away. */
const AT_LEAST = 2_000;
/** Milliseconds of the shortest request: from here on no slow phone explains it. */
const FAR = 150;
/** Bytes of headers and answer that a request costs beside its body. */
export const REQUEST_BYTES = 700;

/**
 * What requests reach, from their own times. What a request of a few bytes takes is no transfer but
 * the way there and back: it is taken off.
 */
export class Goodput {
  private readonly sent: { from: number; to: number; bytes: number }[] = [];
  private began: number | null = null;
  private first: number | null = null;
  private way = Number.POSITIVE_INFINITY;

  begin(now: number): void {
    this.began = now;
    this.first ??= now;
  }

  /** `bytes` of body were taken; 0: in vain. */
  end(bytes: number, now: number): void {
    const from = this.began ?? now;
    this.began = null;
    if (bytes > 0) this.way = Math.min(this.way, now - from);
    this.sent.push({ from, to: now, bytes });
    while (this.sent.length > 3 && now - (this.sent[0]?.to ?? now) > WINDOW) this.sent.shift();
  }

  measured(now: number): Measured {
    const far = this.way >= FAR && this.way < Number.POSITIVE_INFINITY;
    const looked = far ? Math.min(WINDOW, Math.max(AT_LEAST, now - (this.first ?? now))) : WINDOW;
    const within = (from: number, to: number) => Math.max(0, to - Math.max(from, now - looked));
    const running = this.began === null ? 0 : within(this.began, now);
    const busy = (this.sent.reduce((sum, { from, to }) => sum + within(from, to), 0) + running) / looked;
    return { bits: this.bits, busy: Math.min(1, Math.round(busy * 100) / 100), far };
  }

  private get bits(): number | null {
    if (this.sent.length < 3) return null;
    const bytes = this.sent.reduce((sum, one) => sum + (one.bytes > 0 ? one.bytes + REQUEST_BYTES : 0), 0);
    const took = this.sent.reduce((sum, one) => sum + Math.max(1, one.to - one.from - 0.9 * this.way), 0);
    return Math.round((bytes * 8_000) / took);
  }
}

/** Bytes of a device's quota that stay free: statements, sound, and whatever else the page keeps. */
const RESERVE = 64 * 1024 * 1024;
/** Bytes that are really taken for it, since no quota is told truly: the sound of nearly an hour. */
export const TAKEN = 16 * 1024 * 1024;

/** Whether film may still be spooled. Sound and statements go on into the reserve. */
export function roomForFilm(usage: number, quota: number): boolean {
  return quota - usage > Math.min(RESERVE, quota / 4);
}
