/**
 * One press, from the button to the moment when everything is safe: the ringing at once, recorder and
 * call as soon as their kit is there. It owns no part of the page; screens watch its `view`.
 *
 * The encounter and its secret are made here and live in memory only: a page that dies takes the
 * claim to its encounter with it, while what was recorded waits sealed in the queue.
 */

import type { CallView } from "../call";
import type { PhoneCall } from "../call-phone";
import { Chat } from "../channel";
import type {
  CallerMessage,
  Organization,
  Problem,
  Recorder,
  RecorderState,
  Service,
  ToCaller,
} from "../contracts";
import type { Card } from "../evidence/cards";
import { writeBase32, writeBase64 } from "../evidence/text";
import { Live, type Connection, type ServerClock } from "../live";
import { readToCaller } from "../messages";
import { STARTING } from "../recorder-state";
import { iceSource } from "../service";
import type { Telling } from "../people/telling";
import { Store } from "../store";
import type { Choices } from "./choices";
import { loadKitAfter, type Kit } from "./kit-loader";

export type Standing = Extract<ToCaller, { type: "standing" }>;

export interface EncounterView {
  recorder: RecorderState;
  connection: Connection;
  standing: Standing | null;
  attorney: Card | null;
  call: CallView;
  chat: Chat;
  /** whose server it is, once that was checked */
  organization: Organization | null;
  refused: "key" | "note" | null;
  problem: Problem | null;
  preview: MediaStream | null;
  /** null where there is nobody to tell, and until the kit is there */
  telling: Telling | null;
  /** the caller ended it */
  ended: boolean;
  /** and took it back: pressed by mistake */
  cancelled: boolean;
  locked: boolean;
}

/** How long a press that was refused for want of room waits before it is made again. */
const PRESS_AGAIN = 10_000;

/** How long a press can be taken back as a mistake. */
export const CANCEL_WITHIN = 10_000;

/** How long the kit waits at most until the press is on its way. */
const RINGING_FIRST = 1500;

/** How long the goodbye waits for the closing statement's head to leave with it. */
const LAST_HEAD = 1500;

function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

/** What comes with the kit. */
interface Equipment {
  readonly kit: Kit;
  readonly recorder: Recorder;
  readonly phone: PhoneCall;
}

export class Encounter {
  readonly view: Store<EncounterView>;
  /** when it was pressed, by `performance.now()` */
  readonly pressed = performance.now();
  /** resolves once the press counts, or with false where it was cancelled: contacts hear nothing before */
  readonly meant: Promise<boolean>;
  #decide: (meant: boolean) => void = () => undefined;
  readonly #service: Service;
  readonly #live: Live<CallerMessage, ToCaller>;
  readonly #press: Extract<CallerMessage, { type: "press" }>;
  readonly #equipped: Promise<Equipment | null>;
  /** what is there so far of what `#equipped` brings */
  #equipment: Equipment | null = null;
  #recording: Extract<CallerMessage, { type: "recording" }> | null = null;
  #card: string | null = null;

  constructor(service: Service, choices: Choices, clock: ServerClock) {
    this.#service = service;
    this.meant = new Promise((resolve) => {
      this.#decide = resolve;
      setTimeout(() => resolve(true), CANCEL_WITHIN);
    });
    this.#press = {
      type: "press",
      encounter: writeBase32(randomBytes(20)),
      secret: writeBase64(randomBytes(32)),
      state: choices.state,
      language: choices.language,
      guest_code: choices.code,
    };
    this.view = new Store<EncounterView>({
      recorder: STARTING,
      connection: "connecting",
      standing: null,
      attorney: null,
      call: { phase: "waiting", remote: new MediaStream(), picture: false, voice: false, channel: false, refused: null },
      chat: new Chat(() => false),
      organization: null,
      refused: null,
      problem: null,
      preview: null,
      telling: null,
      ended: false,
      cancelled: false,
      locked: false,
    });
    this.#live = new Live(
      { path: "/api/live/caller", read: readToCaller, greet: () => this.#greeting() },
      clock,
    );
    const heard = new Promise<void>((resolve) => {
      this.#live.connection.watch((connection) => {
        this.view.merge({ connection });
        if (connection !== "connecting") resolve();
        if (connection === "open") this.#equipment?.phone.nudge();
      });
    });
    // On a poor line the kit would stand before the ringing, for seconds.
    this.#equipped = loadKitAfter(heard, RINGING_FIRST).then((kit) => this.#equip(kit));
    this.#live.listen((message) => this.#hear(message));
  }

  get clock(): ServerClock {
    return this.#live.clock;
  }

  lock(): void {
    this.view.merge({ locked: true });
    void this.#equipped.then((equipment) => equipment?.recorder.lock());
  }

  /** Asks for camera and microphone once more. Call it within a tap. */
  resume(): void {
    void this.#equipment?.recorder.resume();
  }

  /** Records the picture too. Call it within a tap. */
  addFilm(): void {
    void this.#equipment?.recorder.addFilm();
  }

  /** Takes the press back as a mistake: as an end, but nobody else hears of it. */
  async cancel(): Promise<void> {
    this.#decide(false);
    this.view.merge({ cancelled: true });
    await this.end();
  }

  /** Lets go: before an answer this withdraws the press. Resolves once the goodbye is said. */
  async end(): Promise<void> {
    if (this.view.value.ended) return;
    this.view.merge({ ended: true });
    const equipment = this.#equipment;
    if (equipment === null) this.view.merge({ recorder: { ...STARTING, phase: "finished" } });
    const stopped = equipment?.recorder.stop("stopped") ?? Promise.resolve();
    // Nobody is there yet to get the last head: then nobody is left ringing for it either.
    if (this.view.value.standing?.stage === "answered") {
      const late = new Promise((resolve) => setTimeout(resolve, LAST_HEAD));
      await Promise.race([stopped, late]).catch(() => undefined);
    }
    this.#live.send({ type: "end" });
    await equipment?.phone.end();
    // A press that the server never heard of is not made now, only to be withdrawn.
    if (this.view.value.standing === null) this.#live.close();
    await stopped.catch(() => undefined);
  }

  /** Starts the recorder before anything else of the kit may fail or wait. */
  #equip(kit: Kit): Equipment | null {
    const found = kit.trustPinned(this.#service);
    if ("refused" in found) {
      this.view.merge({ refused: found.refused });
      this.#live.close();
      return null;
    }
    const { organization } = found;
    this.view.merge({ organization });
    if (this.view.value.ended) return null;
    const { encounter, guest_code: guestCode } = this.#press;
    const recorder = kit.startRecorder({ service: this.#service, organization, encounter, guestCode });
    const ice = iceSource(this.#service);
    void ice();
    const phone: PhoneCall = new kit.PhoneCall({
      recorder,
      organizationKey: this.#service.organization_key,
      ports: {
        ice,
        send: (signal) => this.#live.send({ type: "signal", ...signal }),
        now: () => this.clock.now(),
      },
      bye: () => phone.call.finish(),
    });
    this.#equipment = { kit, recorder, phone };
    this.#tellPeople(kit);
    this.#follow(this.#equipment);
    return this.#equipment;
  }

  /** Whoever was chosen beforehand is told once the press was admitted, and can be no mistake any more. */
  #tellPeople(kit: Kit): void {
    const people = kit.keptPeople();
    if (people.contacts.length === 0 && people.minutes === 0) return;
    const telling = kit.Telling.of(this.#press, people, Date.now());
    void this.meant.then((meant) => {
      if (!meant) return telling.takeBack();
      this.view.merge({ telling });
      if (this.view.value.standing !== null) telling.begin();
    });
  }

  #follow({ recorder, phone }: Equipment): void {
    recorder.watch((state) => this.view.merge({ recorder: state }));
    phone.call.view.watch((call) => this.view.merge({ call }));
    this.view.merge({ chat: phone.call.chat });
    void recorder.stream.then((preview) => this.view.merge({ preview }));
    recorder.onStream((preview) => this.view.merge({ preview }));
    void recorder.opened.then(
      ({ recording, kind }) => {
        this.#recording = { type: "recording", recording, kind };
        this.#live.send(this.#recording);
      },
      // The recorder's own state says what failed; without a recording there is still the ringing.
      () => undefined,
    );
  }

  #greeting(): CallerMessage[] {
    const greeting: CallerMessage[] = [this.#press];
    if (this.#recording) greeting.push(this.#recording);
    if (this.view.value.ended) greeting.push({ type: "end" });
    return greeting;
  }

  #hear(message: ToCaller): void {
    switch (message.type) {
      case "standing":
        if (message.encounter === this.#press.encounter) this.#stand(message);
        return;
      case "signal":
        // In turn: what came before the kit waits for it.
        return void this.#equipped.then((equipment) => equipment?.phone.hear(message));
      case "problem":
        return this.#refused(message.problem);
    }
  }

  /** The press itself was refused, or a message that came too late, which nobody needs to know. */
  #refused(problem: Problem): void {
    if (this.view.value.standing !== null) return;
    // What follows a refused press is refused as well; the first refusal is the reason.
    if (this.view.value.problem !== null) return;
    this.view.merge({ problem });
    if (problem.status !== 429 && problem.status < 500) return;
    setTimeout(() => {
      if (this.view.value.standing !== null || this.view.value.ended) return;
      this.view.merge({ problem: null });
      this.#live.refresh();
    }, PRESS_AGAIN);
  }

  #stand(standing: Standing): void {
    const before = this.view.value.standing;
    this.view.merge({ standing, problem: null });
    this.view.value.telling?.begin();
    if (standing.stage === "ended") {
      if (standing.ended_by === "attorney") this.#equipment?.phone.call.finish();
      this.#live.close();
      return;
    }
    const { card } = standing;
    if (card !== null && card !== this.#card) {
      this.#card = card;
      void this.#equipped.then((equipment) => equipment && this.#meet(equipment, card));
    }
    if (standing.attorney_here && before?.attorney_here === false) this.#equipment?.phone.nudge();
  }

  #meet({ kit, recorder, phone }: Equipment, card: string): void {
    try {
      const attorney = phone.meet(card);
      this.view.merge({ attorney });
      recorder.grant(card).catch(() => undefined);
    } catch (error) {
      if (!(error instanceof kit.CallRefused)) throw error;
      // Said again with the next standing, it is looked at again.
      this.#card = null;
      phone.call.refuse(error);
    }
  }
}
