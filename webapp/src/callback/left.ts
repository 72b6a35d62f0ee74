/**
 * A number left to be called back on: sealed here to whoever may call back, kept sealed until the server
 * took it, sealed anew where somebody else is to call, changed, taken back. Not here: the form of a
 * number (evidence), what is shown (`panel`).
 */

import type { Service } from "../contracts";
import { custodianOf } from "../custodian";
import { AccompanyError } from "../errors";
import { openCard } from "../evidence/cards";
import { sealNumber, type CallbackNumber } from "../evidence/callback-numbers";
import { Verifier } from "../evidence/notes";
import { utf8, writeBase64 } from "../evidence/text";
import type { CallbackTold } from "../live-contracts";
import { readCallbackTold } from "../messages";
import { Refused, request } from "../service";
import { Store, type Watched } from "../store";
import { LASTS, forgetCallback, keepCallback, keptCallbacks, type KeptCallback } from "./kept";

export type Trusted = Pick<Service, "demonstration" | "organization" | "organization_key">;

export interface Claim {
  readonly encounter: string;
  /** base64: the press's secret, or that of a recording's locator */
  readonly secret: string;
}

export interface LeftView {
  /** as the server said last; null until it did */
  readonly told: CallbackTold | null;
  /** nobody is called back for this any more: nothing of the number is left */
  readonly over: boolean;
  /** it lies sealed on this phone, and has not gone yet */
  readonly waits: "left" | "taken back" | null;
  readonly problem: "again" | "many" | "refused" | null;
}

/** Whether a number is left, on the server or on its way there. */
export const isThere = ({ told, waits }: LeftView): boolean => waits === "left" || (waits === null && told?.left === true);

const LATER = 30_000;
const MINUTE = 60_000;
const ANEW = 2;

interface LeftOptions {
  readonly claim: Claim;
  /** null where nobody has checked whose server it is: then nothing can be sealed, only taken back */
  readonly service: Trusted | null;
  now(): number;
  /** whether this phone keeps the claim: a page that died can then still send it and take it back */
  readonly keeps: boolean;
  readonly told?: CallbackTold | null;
  readonly waits?: string | null;
}

export class Left {
  readonly #options: LeftOptions;
  readonly #view: Store<LeftView>;
  /** while this page lives, so that it can be sealed to somebody else */
  #plain: CallbackNumber | null = null;
  #waits: string | null;
  /** it was seen to lie on this phone as well, where other pages of this app change it */
  #lies = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #tries = 0;
  /** how often it was sealed anew since it was typed */
  #anews = 0;
  #stopped = false;
  /** what was heard last: a screen that opens says it again, and an answer may have come since */
  #heard: CallbackTold | null | undefined;

  constructor(options: LeftOptions) {
    this.#options = options;
    this.#heard = options.told;
    this.#waits = options.waits ?? null;
    this.#view = new Store<LeftView>({ told: options.told ?? null, over: false, waits: this.#waiting, problem: null });
    addEventListener("online", this.#online);
  }

  /** Of a page that is gone: sends what waits, and asks what became of it. */
  static resumed(kept: KeptCallback, service: Trusted | null, now: () => number): Left {
    const { encounter, secret, waits } = kept;
    const left = new Left({ claim: { encounter, secret }, service, now, keeps: true, waits });
    left.#lies = true;
    left.#go(0);
    return left;
  }

  get view(): Watched<LeftView> {
    return this.#view;
  }

  get encounter(): string {
    return this.#options.claim.encounter;
  }

  /** Whether there is anybody to seal it to. */
  get possible(): boolean {
    return this.#holders().length > 0;
  }

  /** What the server says of this callback now; null: nobody is called back for it any more. */
  hear(told: CallbackTold | null): void {
    if (told === this.#heard) return;
    this.#heard = told;
    const before = this.#view.value.told;
    if (told === null) return before === null ? undefined : this.#end();
    this.#view.merge({ told, over: false });
    // Somebody else is to call: what only the one before could open is sealed to them.
    if (this.#plain !== null && told.owner !== before?.owner) void this.#seal(this.#plain);
  }

  /** Seals it, here and now; it goes as soon as there is a line. */
  leave(number: CallbackNumber): Promise<void> {
    this.#anews = 0;
    return this.#seal(number);
  }

  async #seal(number: CallbackNumber): Promise<void> {
    this.#plain = number;
    const copies = await Promise.all(
      this.#holders().map(async ([holder, recipient]) => ({ holder, sealed: writeBase64(await sealNumber(number, recipient)) })),
    );
    // Changed or taken back while it was sealed.
    if (this.#plain !== number || copies.length === 0) return;
    this.#wait(JSON.stringify({ copies }));
  }

  takeBack(): void {
    this.#plain = null;
    this.#wait("");
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.#online);
  }

  get #waiting(): LeftView["waits"] {
    return this.#waits === null ? null : this.#waits === "" ? "taken back" : "left";
  }

  /** To whom it is sealed: the organization's custodian, and whoever is to call. */
  #holders(): [holder: string, recipient: string][] {
    const { service, now } = this.#options;
    if (service === null) return [];
    const custodian = custodianOf(service);
    const found: [string, string][] = custodian === null ? [] : [["custodian", custodian]];
    const card = this.#view.value.told?.owner ?? null;
    if (card === null) return found;
    try {
      const { serial, recipient } = openCard(utf8(card), Verifier.parse(service.organization_key), now());
      return [...found, [serial, recipient]];
    } catch (error) {
      // A card that is not the organization's, or not good any more: nothing is sealed to it.
      if (!(error instanceof AccompanyError)) throw error;
      return found;
    }
  }

  #wait(waits: string | null): void {
    this.#waits = waits;
    this.#keep();
    this.#view.merge({ waits: this.#waiting, problem: null });
    this.#tries = 0;
    if (waits !== null) this.#go(0);
  }

  #keep(): void {
    const { claim, keeps, now } = this.#options;
    if (!keeps) return;
    const { told } = this.#view.value;
    // Nothing left, nothing waiting: nothing to change or to take back.
    if (this.#waits === null && told?.left !== true) return forgetCallback(claim.encounter, now());
    const until = told?.until ?? null;
    keepCallback({ ...claim, until: until === null ? now() + LASTS : Date.parse(until), waits: this.#waits }, now());
    this.#lies = this.#lying() !== undefined;
  }

  #lying(): KeptCallback | undefined {
    return keptCallbacks(this.#options.now()).find(({ encounter }) => encounter === this.encounter);
  }

  /** Takes over what was said in another page of this app: what was taken back there does not go from here. */
  #follow(): void {
    if (!this.#lies || this.#waits === null) return;
    const waits = this.#lying()?.waits ?? null;
    if (waits === this.#waits) return;
    this.#plain = null;
    this.#waits = waits;
    this.#view.merge({ waits: this.#waiting });
  }

  #end(): void {
    this.#plain = null;
    this.#waits = null;
    if (this.#options.keeps) forgetCallback(this.encounter, this.#options.now());
    this.#view.merge({ over: true, waits: null, problem: null });
    clearTimeout(this.#timer);
  }

  readonly #online = (): void => {
    if (this.#waits !== null) this.#go(0);
  };

  #go(after: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#act(), after);
  }

  async #act(): Promise<void> {
    if (this.#asking || this.#stopped || this.#view.value.over) return;
    this.#asking = true;
    this.#follow();
    const waits = this.#waits;
    try {
      const told = await this.#ask(waits);
      if (told === null) return this.#end();
      this.#tries = 0;
      const before = this.#view.value.told?.owner ?? null;
      this.#view.merge({ told });
      // Something else may have been said meanwhile.
      if (this.#waits === waits) this.#wait(null);
      // Sealed before it was known that somebody else is to call.
      const another = told.owner !== before && this.#waits === null;
      if (another && this.#plain !== null && this.#anews++ < ANEW) void this.#seal(this.#plain);
    } catch (error) {
      await this.#failed(error, waits);
    } finally {
      this.#asking = false;
      if (this.#waits !== null && this.#waits !== waits) this.#go(0);
    }
  }

  async #ask(waits: string | null): Promise<CallbackTold | null> {
    const { encounter, secret } = this.#options.claim;
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const how: RequestInit =
      waits === null ? { method: "GET" } : waits === "" ? { method: "DELETE" } : { method: "PUT", body: waits };
    const response = await request(`/api/callbacks/${encounter}`, { ...how, headers, credentials: "omit" });
    return readCallbackTold(await response.json(), "callback");
  }

  async #failed(error: unknown, waits: string | null): Promise<void> {
    const status = error instanceof Refused ? error.problem.status : null;
    if (status === 404) return this.#end();
    if (status === 429) this.#view.merge({ problem: "many" });
    if (status === 422 && waits !== null) return await this.#anew(waits);
    if (status === 400 || status === 413) {
      // Something else was said meanwhile: that goes.
      if (this.#waits !== waits) return;
      this.#waits = null;
      this.#keep();
      return this.#view.merge({ waits: null, problem: "refused" });
    }
    this.#go(status === 429 ? MINUTE : Math.min(LATER, 1000 * 2 ** this.#tries++));
  }

  /** Sealed to somebody who is not to call any more: asked for who is, and sealed to them. */
  async #anew(waits: string): Promise<void> {
    const told = await this.#ask(null).catch(() => null);
    if (this.#waits !== waits) return;
    if (told !== null) this.#view.merge({ told });
    // A server that refuses that as well is not asked for ever.
    if (this.#plain !== null && this.#anews++ < ANEW) return await this.#seal(this.#plain);
    this.#waits = null;
    this.#keep();
    this.#view.merge({ waits: null, problem: "again" });
  }
}
