/**
 * Telling people during and after a press: hands the sealed contacts to the server once the press was
 * admitted, asks what became of each message, and says "I am safe". It tries for ever, and its secret
 * is kept, so that a page that died can still say it. Not here: what is shown.
 */

import { writeBase64 } from "../evidence/text";
import { Refused, request } from "../service";
import { boolean, list, orNull, record, time, word, type Read } from "../shape";
import { Store, type Watched } from "../store";
import { forgetCheckIn, keepCheckIn, keptPeople, type CheckIn, type People } from "./kept";
import { takeRelease, type Release, type ReleaseGrant } from "./release";

export type Fate = "none" | "waiting" | "told" | "failed";
export type Fates = Readonly<Record<"pressed" | "safe" | "overdue", Fate>>;

export interface TellingState {
  readonly stage: "waiting" | "missed" | "safe";
  readonly due: string | null;
  readonly armed: boolean;
  readonly contacts: readonly Fates[];
  /** what somebody named gets where the caller is missed; null where nothing is withheld */
  readonly release: { readonly given: string | null; readonly ended: string | null } | null;
}

export interface TellingView {
  /** as the server said last; null until it did */
  readonly state: TellingState | null;
  /** the last request was not answered */
  readonly cut: boolean;
  /** the server does not take it: nobody will be told from there */
  readonly refused: boolean;
  /** the caller said to be safe */
  readonly safe: boolean;
}

const fate = word<Fate>("none", "waiting", "told", "failed");
export const readTelling: Read<TellingState> = record<TellingState>({
  stage: word("waiting", "missed", "safe"),
  due: orNull(time),
  armed: boolean,
  contacts: list(record<Fates>({ pressed: fate, safe: fate, overdue: fate })),
  release: orNull(record({ given: orNull(time), ended: orNull(time) })),
});

/** Between questions while a message is on its way, and while nothing is. */
const SOON = 2_000;
const LATER = 30_000;

export interface Press {
  readonly encounter: string;
  readonly secret: string;
}

/** What the phone has to do next. */
type Step = "begin" | "safe" | "hand" | "release" | "ask";

export class Telling {
  readonly #view = new Store<TellingView>({ state: null, cut: false, refused: false, safe: false });
  readonly #people: People;
  readonly #checkIn: CheckIn;
  readonly #press: Press | null;
  readonly #release: Release | null;
  /** grants that the server does not withhold yet */
  readonly #grants: ReleaseGrant[] = [];
  /** the press was admitted, and can be no mistake any more */
  #may: boolean;
  #begun: boolean;
  #safeSaid = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #tries = 0;
  #stopped = false;

  /** Of a press; call `begin` once it was admitted and meant, or `takeBack`. */
  static of(press: Press, people: People, now: number, release: Release | null = null): Telling {
    const secret = writeBase64(crypto.getRandomValues(new Uint8Array(32)));
    const checkIn = { secret, begun: now };
    // Before anybody is told: a browser that dies loses what it kept in the last seconds.
    keepCheckIn(checkIn);
    return new Telling(press, people, checkIn, release);
  }

  /** Of a page that is gone. */
  static resumed(checkIn: CheckIn, people: People): Telling {
    const telling = new Telling(null, people, checkIn);
    telling.#go(0);
    return telling;
  }

  private constructor(press: Press | null, people: People, checkIn: CheckIn, release: Release | null = null) {
    // A press message has more in it, which is not for this request.
    this.#press = press && { encounter: press.encounter, secret: press.secret };
    this.#people = people;
    this.#release = release;
    this.#checkIn = checkIn;
    this.#may = press === null;
    this.#begun = this.#may;
    addEventListener("online", this.#online);
  }

  /** by which the caller tells contacts apart, in the order of the state */
  get signs(): readonly number[] {
    return this.#people.contacts.map(({ sign }) => sign);
  }

  /** For the recorder: whom to grant to beside, and what to do with each grant; null where nobody was named. */
  get release(): { recipient: string; made(grant: ReleaseGrant): void } | null {
    if (this.#release === null) return null;
    const made = (grant: ReleaseGrant): void => {
      this.#grants.push(grant);
      if (this.#begun) this.#go(0);
    };
    return { recipient: this.#release.recipient, made };
  }

  get view(): Watched<TellingView> {
    return this.#view;
  }

  /** The press was admitted: harmless to say again. */
  begin(): void {
    this.#may = true;
    if (this.#stopped || this.#begun || this.#asking || this.#tries > 0) return;
    this.#go(0);
  }

  /** The press was taken back before anybody was told. */
  takeBack(): void {
    forgetCheckIn(this.#checkIn.secret);
    this.stop();
  }

  /** Says "I am safe", until the server has heard it. */
  safe(): void {
    this.#view.merge({ safe: true });
    this.#go(0);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.#online);
  }

  // A phone changes networks in the moments in which a press may still be taken back: then nobody hears of it.
  readonly #online = (): void => (this.#may ? this.#go(0) : undefined);

  #go(after: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#act(), after);
  }

  get #step(): Step {
    if (!this.#begun) return "begin";
    if (this.#view.value.safe && !this.#safeSaid) return "safe";
    if (this.#view.value.state !== null && forgotten(this.#view.value.state)) return "hand";
    return this.#grants.length > 0 && !this.#view.value.safe ? "release" : "ask";
  }

  async #act(): Promise<void> {
    if (this.#asking || this.#stopped) return;
    this.#asking = true;
    const step = this.#step;
    try {
      this.#heard(step, await this.#ask(step));
    } catch (error) {
      this.#failed(step, error);
    } finally {
      this.#asking = false;
    }
  }

  async #ask(step: Step): Promise<TellingState> {
    const contacts = this.#people.contacts.map(({ sealed }) => sealed);
    const { secret } = this.#checkIn;
    const authorization = { authorization: `Bearer ${secret}` };
    const post = (path: string, body: object, headers = {}): Promise<Response> =>
      request(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
    const { minutes } = this.#people;
    const ask = {
      begin: () => post("/api/tellings", { ...this.#press, check_in: secret, contacts, minutes }),
      safe: () => post("/api/tellings/safe", { contacts }, authorization),
      // A server that was restarted has forgotten them.
      hand: () => post("/api/tellings/contacts", { contacts }, authorization),
      release: () => post("/api/tellings/releases", { pass: this.#release?.pass, ...this.#grants[0] }, authorization),
      ask: () => request("/api/tellings", { headers: authorization }),
    };
    const response = await ask[step]();
    const value: unknown = await response.json();
    return readTelling(value, "telling");
  }

  #heard(step: Step, state: TellingState): void {
    this.#tries = 0;
    if (step === "begin") this.#begun = true;
    if (step === "safe") this.#safeSaid = true;
    if (step === "release") this.#grants.shift();
    const safe = this.#view.value.safe || state.stage === "safe";
    this.#view.merge({ state, cut: false, safe });
    const onWay = isOnWay(state);
    if (state.stage === "safe" && !onWay) {
      forgetCheckIn(this.#checkIn.secret);
      return this.stop();
    }
    const next = this.#step;
    if (next === "safe" || next === "release" || (next === "hand" && step !== "hand")) return this.#go(0);
    if (onWay || state.due !== null) this.#go(onWay && state.armed ? SOON : LATER);
  }

  #failed(step: Step, error: unknown): void {
    const status = error instanceof Refused ? error.problem.status : null;
    // 404 at the beginning: the press has not arrived yet. Later: it is over and forgotten.
    const final = status === 400 || status === 401 || status === 403 || status === 413;
    const gone = status === 404 && step !== "begin" && step !== "release";
    // Its recording may not have arrived yet (404); what is refused for itself is not asked again.
    if (step === "release" && (final || status === 422)) {
      this.#grants.shift();
      return this.#go(0);
    }
    if (final || gone) {
      this.#view.merge({ refused: final && step === "begin", cut: false });
      forgetCheckIn(this.#checkIn.secret);
      return this.stop();
    }
    this.#view.merge({ cut: status === null });
    this.#go(Math.min(LATER, 1000 * 2 ** this.#tries++));
  }
}

/** What a press tells people and gives to somebody; null where nobody was chosen. */
export function tellingOf(press: Press, now: number): Telling | null {
  const people = keptPeople();
  if (people.contacts.length === 0 && people.minutes === 0) return null;
  return Telling.of(press, people, now, people.minutes > 0 ? takeRelease() : null);
}

const isOnWay = ({ contacts }: TellingState): boolean =>
  contacts.some((one) => Object.values(one).includes("waiting"));

/** Whether somebody has to be told, now or later, and the server does not have the contacts any more. */
function forgotten(state: TellingState): boolean {
  const later = state.stage === "waiting" && state.due !== null;
  return !state.armed && (later || isOnWay(state));
}

/** What became of the message that counts now: of the press, of "I am safe", or of a time that is over. */
export function fateOf({ stage }: TellingState, fates: Fates): Fate {
  if (stage === "safe") return fates.safe;
  return stage === "missed" ? fates.overdue : fates.pressed;
}

/** How many of the contacts got the message that counts now, and how many could not be told. */
export function countOf(state: TellingState): { told: number; failed: number; all: number } {
  const fates = state.contacts.map((one) => fateOf(state, one));
  const told = fates.filter((one) => one === "told").length;
  const failed = fates.filter((one) => one === "failed").length;
  return { told, failed, all: fates.length };
}

/** Sends one sealed contact its test; returns what became of it. */
export async function sendTest(sealed: string, guestCode: string): Promise<"told" | "failed" | "later"> {
  try {
    const response = await request("/api/tellings/tests", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ guest_code: guestCode, contact: sealed }),
    });
    const value: unknown = await response.json();
    return record<{ told: boolean }>({ told: boolean })(value, "test").told ? "told" : "failed";
  } catch (error) {
    return error instanceof Refused && error.problem.status === 429 ? "later" : "failed";
  }
}
