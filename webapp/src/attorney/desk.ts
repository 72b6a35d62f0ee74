/**
 * An attorney's desk: the session and its socket, being on duty, rings, the call, and the heads heard in
 * it. It owns no part of the page; screens watch its `view`.
 *
 * The server tells states (`desk`); what this console does follows from the last one, so a reload or a
 * reconnection in the middle of a call is the ordinary path.
 */

import { ConsoleCall } from "../call-console";
import type { CallView } from "../call";
import type { Call, Callback, CheckIn, DutyMessage, Problem, Ring, Service, ToDuty } from "../contracts";
import { writeLines, writeTime } from "../evidence/text";
import type { Attorney } from "../keys";
import { Live, type Connection, type ServerClock } from "../live";
import { readToDuty } from "../messages";
import { iceSource, signIn } from "../service";
import { Store } from "../store";
import { Bell } from "./bell";
import { keepHead } from "./heads";
import { Media } from "./media";

export interface DeskView {
  connection: Connection;
  /** null until the server said something */
  on: boolean | null;
  /** false: the roster has nobody ring this console now, but in a surge */
  onShift: boolean;
  /** until when, RFC 3339: after a call; after misses */
  wrapUp: string | null;
  paused: string | null;
  callbacks: readonly Callback[];
  checkIns: readonly CheckIn[];
  rings: readonly Ring[];
  /** the call as the server knows it */
  call: Call | null;
  /** the encounter that was answered here and that the server has not confirmed yet */
  answering: string | null;
  /** the call's own view, while there is one */
  talk: CallView | null;
  heads: number;
  /** what ended, for a sentence on the desk */
  news: { is: "taken" } | { is: "ended"; by: "caller" | "attorney" } | null;
  /** counts the calls that ended, so that cases are fetched again */
  ended: number;
  problem: Problem | null;
}

/** A server that is back has presses to ring for: within 2 s this console is there again. */
const BACK = 1500;

/** How long a connection stays open after the end, for the last head and the goodbye. */
const LAST_WORDS = 2500;

export class Desk {
  readonly view = new Store<DeskView>({
    connection: "connecting",
    on: null,
    onShift: true,
    wrapUp: null,
    paused: null,
    callbacks: [],
    checkIns: [],
    rings: [],
    call: null,
    answering: null,
    talk: null,
    heads: 0,
    news: null,
    ended: 0,
    problem: null,
  });
  readonly bell = new Bell();
  readonly media = new Media();
  readonly #attorney: Attorney;
  readonly #ice: () => Promise<RTCIceServer[]>;
  readonly #clock: ServerClock;
  readonly #live: Live<DutyMessage, ToDuty>;
  readonly #languages: () => string[];
  readonly #left = new Set<string>();
  #wanted: boolean | null = null;
  #console: ConsoleCall | null = null;

  constructor(attorney: Attorney, service: Service, clock: ServerClock, languages: () => string[]) {
    this.#attorney = attorney;
    this.#ice = iceSource(service);
    this.#clock = clock;
    this.#languages = languages;
    this.#live = new Live(
      {
        path: "/api/live/duty",
        read: readToDuty,
        greet: () => (this.#wanted === null ? [] : [this.#duty(this.#wanted)]),
        prepare: () => signInAs(attorney, clock),
        longest: BACK,
      },
      clock,
    );
    this.#live.connection.watch((connection) => {
      this.view.merge({ connection });
      if (connection === "open") this.#console?.nudge();
      // Whether the answer arrived is not known now; the next `desk` says it.
      else if (this.view.value.answering !== null) this.#dropCall();
    });
    this.#live.listen((message) => this.#hear(message));
  }

  get clock(): ServerClock {
    return this.#clock;
  }

  /** The chat of the call, while there is one. */
  get chat(): ConsoleCall["call"]["chat"] | null {
    return this.#console?.call.chat ?? null;
  }

  /** Goes on duty; must be called from a click, or the ring will not sound. */
  async goOn(): Promise<void> {
    this.#want(true);
    await this.bell.arm();
    await this.media.check();
  }

  goOff(): void {
    this.#want(false);
  }

  /** The languages changed: the server is told. */
  languagesChanged(): void {
    if (this.#wanted !== null) this.#want(this.#wanted);
  }

  async answer(encounter: string): Promise<void> {
    if (this.view.value.answering !== null) return;
    this.bell.stop();
    this.view.merge({ answering: encounter, news: null, heads: 0 });
    const console = this.#ready();
    void this.#bring(console);
    const offer = await console.answer(encounter);
    const sent = this.#live.send({ type: "answer", encounter, ...offer });
    if (sent) console.sent();
    else this.#dropCall();
  }

  decline(encounter: string): void {
    this.#live.send({ type: "decline", encounter });
    // Shown as it will be: the server's next `desk` says the same.
    this.#ring(this.view.value.rings.filter((ring) => ring.encounter !== encounter));
  }

  /** Takes as long again for what was said. */
  extend(): void {
    this.#live.send({ type: "extend" });
  }

  /** Ends wrap-up and pause. */
  ready(): void {
    this.#live.send({ type: "ready" });
  }

  /** Takes over a callback that is owed, or says that it is done. */
  callBack(encounter: string, done: boolean): void {
    this.#live.send({ type: "callback", encounter, done });
  }

  async end(): Promise<void> {
    const console = this.#console;
    const encounter = console?.encounter ?? this.view.value.call?.encounter;
    if (encounter === undefined || encounter === null) return;
    this.#left.add(encounter);
    this.#live.send({ type: "end", encounter });
    await console?.end();
    this.#over("attorney");
  }

  close(): void {
    this.#live.close();
    this.bell.stop();
    this.#dropCall();
  }

  #want(on: boolean): void {
    this.#wanted = on;
    this.#live.send(this.#duty(on));
  }

  #duty(on: boolean): DutyMessage {
    return { type: "duty", on, languages: this.#languages() };
  }

  #hear(message: ToDuty): void {
    switch (message.type) {
      case "desk":
        return this.#desk(message);
      case "taken":
        if (this.view.value.answering === message.encounter) this.#dropCall();
        return this.view.merge({ news: { is: "taken" } });
      case "ended":
        return this.#ended(message.encounter, message.by);
      case "signal":
        if (this.#console?.encounter === message.encounter) this.#console.hear(message);
        return;
      case "problem":
        return this.#refused(message.problem);
    }
  }

  /** An answer that came too late frees this console; other late messages need no words. */
  #refused(problem: Problem): void {
    if (this.view.value.answering !== null) this.#dropCall();
    if (problem.status >= 429) this.view.merge({ problem });
  }

  #desk(told: Extract<ToDuty, { type: "desk" }>): void {
    const { on, rings, call, callbacks, paused } = told;
    this.view.merge({ checkIns: told.check_ins, onShift: told.on_shift, wrapUp: told.wrap_up, paused, callbacks });
    this.#wanted ??= on ? true : null;
    const { answering } = this.view.value;
    const mine = call !== null && this.#left.has(call.encounter) ? null : call;
    this.view.merge({ on, call: mine, problem: null });
    if (mine === null) return this.#noCall(rings, answering);
    this.view.merge({ answering: null, rings: [] });
    this.bell.stop();
    this.#inCall(mine);
  }

  #noCall(rings: readonly Ring[], answering: string | null): void {
    if (answering === null) {
      // It ended while this console was not connected.
      if (this.#console) this.#ended(this.#console.encounter, "caller");
      return this.#ring(rings);
    }
    if (!rings.some(({ encounter }) => encounter === answering)) this.#dropCall();
  }

  #inCall(call: Call): void {
    if (this.#console?.encounter === call.encounter) this.#console.callerHere(call.caller_here);
    else this.#rejoin(call);
  }

  /** Showing the same rings twice is harmless. */
  #ring(rings: readonly Ring[]): void {
    this.view.merge({ rings });
    if (rings.length === 0) {
      this.bell.stop();
      if (this.#console !== null && this.#console.encounter === null) this.#dropCall();
      return;
    }
    this.view.merge({ news: null });
    this.bell.start();
    const console = this.#ready();
    void this.#bring(console).then(() => (this.#console === console ? console.prepare() : undefined));
  }

  /** The connection that the next answer uses. */
  #ready(): ConsoleCall {
    if (this.#console !== null) return this.#console;
    const console: ConsoleCall = new ConsoleCall({
      ports: {
        ice: this.#ice,
        send: (signal) => this.#signal(console, signal),
        now: () => this.#clock.now(),
      },
      sign: (text) => this.#attorney.sign(text),
      head: (head) => {
        void keepHead(head);
        this.view.merge({ heads: this.view.value.heads + 1 });
      },
      bye: () => this.#goodbye(console.encounter),
    });
    console.call.view.watch((talk) => {
      if (this.#console === console && console.encounter !== null) this.view.merge({ talk });
    });
    this.#console = console;
    return console;
  }

  #signal(console: ConsoleCall, signal: Parameters<ConsoleCall["hear"]>[0]): boolean {
    const { encounter } = console;
    return encounter !== null && this.#live.send({ type: "signal", encounter, ...signal });
  }

  async #bring(console: ConsoleCall): Promise<void> {
    const stream = await this.media.open();
    console.bring(stream?.getTracks() ?? []);
  }

  /** A call that another life of this page answered. */
  #rejoin(call: Call): void {
    this.#console?.close();
    this.#console = null;
    const console = this.#ready();
    void this.#bring(console).then(() => console.rejoin(call.encounter));
  }

  /** The caller said goodbye on the line; the server may not know it yet, or ever. */
  #goodbye(encounter: string | null): void {
    if (encounter === null || this.#console?.encounter !== encounter) return;
    this.#left.add(encounter);
    this.#live.send({ type: "end", encounter });
    this.#ended(encounter, "caller");
  }

  #ended(encounter: string | null, by: "caller" | "attorney"): void {
    const console = this.#console;
    if (encounter === null || console?.encounter !== encounter) return;
    // The last head and the goodbye may still be on their way.
    const closing = console.call.over ? 0 : LAST_WORDS;
    setTimeout(() => console.close(), closing);
    this.#console = null;
    this.#over(by);
  }

  #over(by: "caller" | "attorney"): void {
    this.#console = null;
    this.media.close();
    const { ended } = this.view.value;
    this.view.merge({ talk: null, call: null, answering: null, ended: ended + 1, news: { is: "ended", by } });
  }

  #dropCall(): void {
    this.#console?.close();
    this.#console = null;
    this.media.close();
    this.view.merge({ answering: null, talk: null });
  }
}

/** Opens a session with the card's key (POST /api/sessions). */
export async function signInAs(attorney: Attorney, clock: ServerClock): Promise<void> {
  await signIn((challenge) =>
    attorney.sign(
      writeLines("accompany/session/v1", [
        ["serial", attorney.serial],
        ["challenge", challenge],
        ["time", writeTime(clock.now())],
      ]),
    ),
  );
}
