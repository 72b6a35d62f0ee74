/**
 * An attorney's desk: the session and its socket, being on duty, rings, the call, and the heads heard in
 * it. It owns no part of the page; screens watch its `view`.
 *
 * The server tells states (`desk`); what this console does follows from the last one, so a reload or a
 * reconnection in the middle of a call is the ordinary path.
 */

import { ConsoleCall } from "../call-console";
import type { Service } from "../contracts";
import { custodianOf } from "../custodian";
import type { Call, DutyMessage, Problem, Ring, ToDuty } from "../live-contracts";
import { utf8 } from "../evidence/text";
import { openCard } from "../evidence/cards";
import { Verifier } from "../evidence/notes";
import type { Attorney } from "../keys";
import { CALM, Live, RINGING, type ServerClock } from "../live";
import { readToDuty } from "../messages";
import { waysOf, type Ways } from "../relay";
import { Store } from "../store";
import { Accepting } from "./accepting";
import { Bell } from "./bell";
import { Briefing } from "./briefing";
import { namesOf } from "./conflicts";
import { QUIET, type DeskView, type News } from "./desk-view";
import { holdChat } from "./chats";
import { Arriving, HandingOver } from "./handing";
import { keepHead } from "./heads";
import type { KeptText } from "./kept-text";
import { Media } from "./media";
import { giveDocuments } from "./documents";
import { Notes } from "./notes";
import { Saying } from "./saying";
import { signInAs } from "./session";
import { ThirdSeat } from "./third-seat";

/** A server that is back has presses to ring for: within 2 s this console is there again. */
const BACK = 1500;

/** How long a connection stays open after the end, for the last head and the goodbye. */
const LAST_WORDS = 2500;

export class Desk extends Saying {
  readonly view = new Store<DeskView>(QUIET);
  readonly bell = new Bell();
  /** whether a lawyer is at this console: their card names a state */
  readonly advises: boolean;
  readonly media: Media;
  readonly notes: Notes;
  /** names for the conflict check */
  readonly names: KeptText;
  readonly #attorney: Attorney;
  readonly #ways: Ways;
  readonly #clock: ServerClock;
  readonly #live: Live<DutyMessage, ToDuty>;
  readonly #languages: () => string[];
  readonly #left = new Set<string>();
  readonly #seats: ThirdSeat;
  readonly #briefing: Briefing;
  readonly #handing: HandingOver;
  readonly #arriving: Arriving;
  readonly #accepting: Accepting;
  /** what an encounter came to here, where no `ended` says it */
  readonly #gone = new Map<string, News>();
  #wanted: boolean | null = null;
  /** the socket is new, and nothing came over it: an end may have been said into a network that was gone */
  #back = false;
  #console: ConsoleCall | null = null;

  constructor(attorney: Attorney, service: Service, clock: ServerClock, languages: () => string[]) {
    super();
    this.#attorney = attorney;
    this.#ways = waysOf(service, {});
    this.#clock = clock;
    this.#languages = languages;
    const organization = Verifier.parse(service.organization_key);
    this.advises = openCard(utf8(attorney.card), organization).licenses.length > 0;
    this.media = new Media(!this.advises);
    this.media.view.watch(() => this.#tellPicture());
    this.#seats = new ThirdSeat({
      attorney,
      organizationKey: service.organization_key,
      ways: this.#ways,
      now: () => clock.now(),
      send: (encounter, seat, signal) => this.#live.send({ type: "signal", encounter, ...signal, seat }),
      stream: () => this.media.open(),
    });
    this.#briefing = new Briefing({
      ways: this.#ways,
      now: () => clock.now(),
      send: (encounter, signal) => this.#live.send({ type: "signal", encounter, ...signal }),
      sign: (text) => attorney.sign(text),
      sound: async () => (await this.media.open())?.getAudioTracks() ?? [],
      over: () => this.media.close(),
    });
    this.#briefing.view.watch((briefing) => this.view.merge({ briefing }));
    const own = { attorney, organizationKey: service.organization_key, custodian: custodianOf(service), now: () => clock.now() };
    this.notes = new Notes(own);
    this.names = namesOf(attorney);
    if (this.advises) void this.names.load();
    this.#handing = new HandingOver({
      ...own,
      notes: async ({ encounter, card }, recipient) => {
        await giveDocuments(encounter, card, recipient, own);
        await this.notes.give(encounter, card, recipient);
      },
      handed: ({ encounter, name }) => {
        this.notes.forget(encounter);
        this.#gone.set(encounter, { is: "handed", name });
        return this.#live.send({ type: "handed", encounter });
      },
      trouble: (handing) => this.view.merge({ handing }),
    });
    this.#arriving = new Arriving((encounter) => this.#live.send({ type: "arrived", encounter }));
    this.view.watch(({ call, talk, connection }) => this.#arriving.told(call, talk, connection === "open"));
    this.#seats.view.watch((seats) => this.view.merge({ seats }));
    this.#accepting = new Accepting({
      ready: () => {
        const console = this.#ready();
        void this.#bring(console);
        return console;
      },
      uses: (console) => this.#console === console,
      open: () => void this.media.open(),
      send: (message) => this.#live.send(message),
      doubt: () => this.#live.doubt(RINGING.wait),
      drop: () => {
        this.#console?.close();
        this.#console = null;
        this.view.merge({ talk: null });
      },
    });
    this.#live = new Live(
      {
        path: "/api/live/duty",
        read: readToDuty,
        greet: () => (this.#wanted === null ? [] : [this.#duty(this.#wanted)]),
        prepare: () => signInAs(attorney, clock),
        longest: BACK,
        quiet: () => (this.#wanted !== true ? null : this.view.value.rings.length > 0 ? RINGING : CALM),
      },
      clock,
    );
    this.#live.connection.watch((connection) => {
      this.view.merge({ connection });
      this.#back = connection === "open";
      if (connection === "open") this.#seats.nudge();
      if (connection === "open") this.#briefing.nudge();
      if (connection === "open") this.#console?.nudge();
      else this.#accepting.lost();
    });
    this.#live.listen((message) => this.#hear(message));
  }

  protected say(message: DutyMessage): boolean {
    return this.#live.send(message);
  }

  protected get within(): string | undefined {
    return this.view.value.call?.encounter;
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

  async answer(encounter: string, type: "answer" | "take" | "join" = "answer"): Promise<void> {
    if (this.view.value.answering !== null) return;
    this.bell.stop();
    this.#left.delete(encounter);
    this.view.merge({ answering: encounter, news: null, heads: 0 });
    await this.#accepting.begin(encounter, type);
  }

  /** Accepts as an interpreter; the connections follow from the next `desk`. */
  join(encounter: string): void {
    void this.answer(encounter, "join");
  }

  /** Interprets no longer, or does not want to any more. */
  override leave(): void {
    if (this.view.value.call === null) this.#dropCall();
    else super.leave();
  }

  /** Accepts a case: in a call beside whoever has it, after it without a connection. */
  async take({ encounter, over }: Ring): Promise<void> {
    if (!over) return this.answer(encounter, "take");
    this.bell.stop();
    this.#live.send({ type: "take", encounter });
  }

  /** May not help this caller: everybody else is rung at once. */
  conflict(encounter: string): void {
    this.#gone.set(encounter, { is: "conflict" });
    this.#live.send({ type: "conflict", encounter });
    this.#ring(this.view.value.rings.filter((ring) => ring.encounter !== encounter));
  }

  decline(encounter: string): void {
    const ring = this.view.value.rings.find((one) => one.encounter === encounter);
    this.#live.send({ type: ring?.seat === "colleague" ? "remain" : "decline", encounter });
    // Shown as it will be: the server's next `desk` says the same.
    this.#ring(this.view.value.rings.filter((ring) => ring.encounter !== encounter));
  }

  async end(): Promise<void> {
    const console = this.#console;
    const encounter = console?.encounter ?? this.view.value.call?.encounter ?? this.#accepting.encounter;
    if (encounter === null) return;
    this.#left.add(encounter);
    this.#live.send({ type: "end", encounter });
    await console?.end();
    this.#over("attorney");
  }

  close(): void {
    this.#live.close();
    this.#handing.close();
    this.#briefing.close();
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
        // One microphone serves both: what ends comes before what begins.
        if (message.listeners.length === 0) this.#briefing.told([]);
        this.#desk(message);
        return this.#briefing.told(message.listeners);
      case "taken":
        if (this.view.value.answering === message.encounter) this.#dropCall();
        return this.view.merge({ news: { is: "taken" } });
      case "ended":
        return this.#ended(message.encounter, message.by);
      case "signal":
        if (this.#briefing.hear(message) || this.#seats.hear(message)) return;
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
    const { handovers, awaited, wrapping } = told;
    this.view.merge({ checkIns: told.check_ins, onShift: told.on_shift, onCall: told.on_call, wrapUp: told.wrap_up, paused, callbacks });
    this.view.merge({ toBrief: told.to_brief });
    this.view.merge({ handovers, awaited, wrapping });
    this.#handing.told(handovers);
    this.#wanted ??= on ? true : null;
    const left = call !== null && this.#left.has(call.encounter);
    if (left && this.#back) this.#live.send({ type: "end", encounter: call.encounter });
    this.#back = false;
    const mine = left ? null : call;
    const before = this.view.value.call;
    const interpreted = before?.seat === "interpreter";
    if (before?.seat === "colleague" && mine === null) this.#gone.set(before.encounter, { is: "off" });
    if (mine !== null) this.#gone.delete(mine.encounter);
    this.view.merge({ on, call: mine, problem: null });
    this.#seats.told(mine);
    if (mine === null && interpreted) this.#over("attorney");
    if (mine === null) return this.#noCall(rings);
    this.#accepting.end();
    this.view.merge({ answering: null, rings: [] });
    this.bell.stop();
    this.#inCall(mine);
  }

  #noCall(rings: readonly Ring[]): void {
    const accepted = this.view.value.answering !== null;
    const told = this.#accepting.told(rings);
    if (told === "wait") return;
    if (accepted) this.#dropCall();
    // It ended while this console was not connected.
    else if (this.#console) this.#ended(this.#console.encounter, "caller");
    if (told === "gone") this.view.merge({ news: { is: "gone" } });
    this.#ring(rings);
  }

  #inCall(call: Call): void {
    if (call.seat === "interpreter") return;
    if (this.#console?.encounter === call.encounter) this.#console.callerHere(call.caller_here);
    else this.#rejoin(call);
  }

  /** Showing the same rings twice is harmless. */
  #ring(rings: readonly Ring[]): void {
    const rang = this.view.value.rings.length > 0;
    this.view.merge({ rings });
    if (rings.length === 0) {
      this.bell.stop();
      const idle = this.#console !== null && this.#console.encounter === null;
      if (idle || (rang && this.#console === null)) this.#dropCall();
      return;
    }
    this.view.merge({ news: null });
    this.bell.start();
    if (rings[0]?.seat === "interpreter") return void this.media.open();
    if (rings[0]?.over === true) return;
    const console = this.#ready();
    const { encounter, ahead } = rings[0] ?? { encounter: "", ahead: null };
    void this.#bring(console).then(() => (this.#console === console ? console.ready(encounter, ahead) : undefined));
  }

  /** The connection that the next answer uses. */
  #ready(): ConsoleCall {
    if (this.#console !== null) return this.#console;
    const console: ConsoleCall = new ConsoleCall({
      ports: {
        ways: this.#ways,
        send: (signal) => this.#signal(console, signal),
        now: () => this.#clock.now(),
        doubt: () => this.#live.doubt(),
      },
      sign: (text) => this.#attorney.sign(text),
      serial: this.#attorney.serial,
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
    this.#tellPicture();
  }

  #tellPicture(): void {
    this.#console?.call.tellState({ type: "pictureless", on: this.media.pictureless });
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
    holdChat(encounter, console.call.chat);
    setTimeout(() => console.close(), closing);
    this.#console = null;
    this.#over(by, this.#gone.get(encounter));
    this.#gone.delete(encounter);
  }

  #over(by: "caller" | "attorney", news: News = { is: "ended", by }): void {
    this.#console = null;
    this.#seats.told(null);
    this.#accepting.end();
    this.media.close();
    const { ended } = this.view.value;
    this.view.merge({ talk: null, call: null, answering: null, ended: ended + 1, news });
  }

  #dropCall(): void {
    this.#console?.close();
    this.#console = null;
    this.#accepting.end();
    this.media.close();
    this.view.merge({ answering: null, talk: null });
  }
}
