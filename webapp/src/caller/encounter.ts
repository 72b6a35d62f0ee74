/**
 * One press, from the button to the moment when everything is safe: the ringing at once, recorder and
 * call as soon as their kit is there. It owns no part of the page; screens watch its `view`.
 *
 * The encounter and its secret are made here and live in memory only: a page that dies takes the
 * claim to its encounter with it, while what was recorded waits sealed in the queue.
 */

import type { CallView } from "../call";
import type { PhoneCall } from "../call-phone";
import type { PhoneBeside } from "../phone-third";
import { Chat } from "../channel";
import type { Organization, Recorder, RecorderState, Service } from "../contracts";
import type { CallerMessage, Problem, ToCaller } from "../live-contracts";
import { NOBODY, type ThirdView } from "../third-view";
import type { Card } from "../evidence/cards";
import { writeBase32, writeBase64 } from "../evidence/text";
import { CALM, Live, RINGING, type Connection, type ServerClock } from "../live";
import { readToCaller } from "../messages";
import { STARTING } from "../recorder-state";
import { takeOwn, type Own } from "../own/kept";
import { waysOf } from "../relay";
import type { Telling } from "../people/telling";
import { Store, type Unwatch } from "../store";
import { drawByFrames } from "../ui/drawing";
import type { Choices } from "./choices";
import { Succession, type MakePhone } from "./succession";
import { tellPress } from "./another-page";
import { Granting } from "./granting";
import { Meant } from "./meant";
import { loadKitAfter, type Kit } from "./kit-loader";

export type Standing = Extract<ToCaller, { type: "standing" }>;

export interface EncounterView {
  recorder: RecorderState;
  connection: Connection;
  standing: Standing | null;
  attorney: Card | null;
  /** a lawyer who is taking the call over */
  coming: Card | null;
  call: CallView;
  chat: Chat;
  /** the interpreter, wherever one is rung or in the call */
  third: ThirdView;
  /** an attorney who speaks to all who wait */
  speaker: ThirdView;
  /** whose server it is, once that was checked */
  organization: Organization | null;
  refused: "key" | "note" | null;
  problem: Problem | null;
  preview: MediaStream | null;
  /** people were chosen beforehand, who are told once the press can be no mistake any more */
  tells: boolean;
  /** null where there is nobody to tell, and until that moment */
  telling: Telling | null;
  /** the caller ended it */
  ended: boolean;
  /** and took it back: pressed by mistake */
  cancelled: boolean;
  /** the evidence's sound is silenced on purpose */
  privately: boolean;
  locked: boolean;
  /** another page of this app was pressed after this one, and goes on */
  again: boolean;
}

/** How long a press that was refused for want of room waits before it is made again. */
const PRESS_AGAIN = 10_000;

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
  phone: PhoneCall;
  readonly succession: Succession;
  readonly beside: PhoneBeside;
}

export class Encounter {
  readonly view: Store<EncounterView>;
  /** when it was pressed, by `performance.now()` */
  readonly pressed = performance.now();
  /** contacts hear nothing before it is settled */
  readonly #meant = new Meant();
  readonly #service: Service;
  readonly #own: Own | null = takeOwn();
  readonly #live: Live<CallerMessage, ToCaller>;
  readonly #press: Extract<CallerMessage, { type: "press" }>;
  readonly #tellOver: Unwatch;
  readonly #equipped: Promise<Equipment | null>;
  /** what is there so far of what `#equipped` brings */
  #equipment: Equipment | null = null;
  #recording: Extract<CallerMessage, { type: "recording" }> | null = null;
  #card: string | null = null;
  readonly #granting = new Granting();
  #heard = false;

  constructor(service: Service, choices: Choices, clock: ServerClock) {
    this.#service = service;
    this.#press = {
      type: "press",
      encounter: writeBase32(randomBytes(20)),
      secret: writeBase64(randomBytes(32)),
      state: choices.state,
      language: choices.language,
      guest_code: choices.code,
      ...(this.#own?.place ? { token: this.#own.place.token } : {}),
    };
    this.view = new Store<EncounterView>({
      recorder: STARTING,
      connection: "connecting",
      standing: null,
      attorney: null,
      coming: null,
      call: { phase: "waiting", remote: new MediaStream(), picture: false, voice: false, channel: false, privately: false, refused: null },
      chat: new Chat(() => false),
      third: NOBODY,
      speaker: NOBODY,
      organization: null,
      refused: null,
      problem: null,
      preview: null,
      tells: false,
      telling: null,
      ended: false,
      cancelled: false,
      privately: false,
      locked: false,
      again: false,
    });
    this.#live = new Live(
      {
        path: "/api/live/caller",
        read: readToCaller,
        greet: () => this.#greeting(),
        quiet: () => (this.view.value.ended ? null : this.view.value.standing?.stage === "answered" ? CALM : RINGING),
      },
      clock,
    );
    const heard = new Promise<void>((resolve) => {
      this.#live.connection.watch((connection) => {
        this.view.merge({ connection });
        if (connection !== "connecting") resolve();
        if (connection !== "open") return;
        this.#equipment?.phone.again();
        this.#equipment?.succession.nudge();
        this.#equipment?.beside.nudge();
      });
    });
    // On a poor line the kit would stand before the ringing, for seconds.
    this.#equipped = loadKitAfter(heard, RINGING_FIRST).then((kit) => this.#equip(kit));
    this.#live.listen((message) => this.#hear(message));
    this.#tellOver = tellPress(this.#press.encounter, (later) => this.view.merge({ again: later > 0 }));
  }

  get clock(): ServerClock {
    return this.#live.clock;
  }

  /** What shows that this press is one's own: to leave a number to be called back on. */
  get claim(): { encounter: string; secret: string } {
    const { encounter, secret } = this.#press;
    return { encounter, secret };
  }

  /** The words of the engagement are on the screen; false where nobody could be told. */
  shown(digest: string): boolean {
    return this.#live.send({ type: "shown", digest });
  }

  lock(): void {
    this.view.merge({ locked: true });
    void Promise.all([this.#equipped, this.#granting.done()]).then(([equipment]) => equipment?.recorder.lock());
  }

  /** Asks for camera and microphone once more. Call it within a tap. */
  resume(): void {
    void this.#equipment?.recorder.resume();
  }

  /** Records the picture too. Call it within a tap. */
  addFilm(): void {
    void this.#equipment?.recorder.addFilm();
  }

  /** Silences the evidence, not the call; or not any more. */
  speakPrivately(privately: boolean): void {
    if (this.#equipment === null) return;
    this.#equipment.recorder.setPrivate(privately);
    this.#equipment.phone.call.tellState({ type: "private", on: privately });
    this.view.merge({ privately });
  }

  /** Takes the press back as a mistake: as an end, but nobody else hears of it. Too late it is an end. */
  async cancel(): Promise<void> {
    this.view.merge({ cancelled: this.#meant.takeBack() });
    await this.end();
  }

  /** Lets go: before an answer this withdraws the press. Resolves once the goodbye is said. */
  async end(): Promise<void> {
    if (this.view.value.ended) return;
    this.view.merge({ ended: true, again: false });
    this.#tellOver();
    const equipment = this.#equipment;
    if (equipment === null) this.view.merge({ recorder: { ...STARTING, phase: "finished" } });
    const stopped = equipment?.recorder.stop("stopped") ?? Promise.resolve();
    // Nobody is there yet to get the last head: then nobody is left ringing for it either.
    if (this.view.value.standing?.stage === "answered") {
      const late = new Promise((resolve) => setTimeout(resolve, LAST_HEAD));
      await Promise.race([stopped, late]).catch(() => undefined);
    }
    this.#live.send({ type: "end" });
    equipment?.beside.end();
    equipment?.succession.end();
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
    const { encounter, secret, guest_code: guestCode } = this.#press;
    const own = this.#own;
    const telling = kit.tellingOf(this.#press, Date.now());
    const release = telling?.release ?? null;
    const recorder = kit.startRecorder({ service: this.#service, organization, encounter, guestCode, own, release });
    const ways = waysOf(this.#service, { encounter, secret });
    void ways();
    const make: MakePhone = (seated) => {
      const phone: PhoneCall = new kit.PhoneCall({
        recorder,
        organizationKey: this.#service.organization_key,
        ports: {
          ways,
          send: (signal) => this.#live.send({ type: "signal", ...signal, ...seated() }),
          ahead: (ahead) => void this.#live.send({ type: "ahead", ...ahead }),
          now: () => this.clock.now(),
          doubt: () => this.#live.doubt(),
        },
        bye: () => phone.call.finish(),
      });
      return phone;
    };
    const phone = make(() => ({}));
    phone.offerAhead();
    const succession = new Succession(make);
    const beside = kit.phoneBeside(recorder, this.#service.organization_key, (seat) => ({
      ways,
      send: (signal) => this.#live.send({ type: "signal", ...signal, seat }),
      now: () => this.clock.now(),
    }));
    this.#equipment = { kit, recorder, phone, succession, beside };
    if (telling !== null) this.#tellPeople(telling);
    this.#follow(this.#equipment);
    return this.#equipment;
  }

  /** Whoever was chosen beforehand is told once the press was admitted, and can be no mistake any more. */
  #tellPeople(telling: Telling): void {
    this.view.merge({ tells: true });
    void this.#meant.settled.then((meant) => {
      if (!meant) return telling.takeBack();
      this.view.merge({ telling });
      if (this.view.value.standing !== null) telling.begin();
    });
  }

  #follow({ recorder, phone, beside, succession }: Equipment): void {
    succession.coming.watch((coming) => this.view.merge({ coming }));
    beside.third.view.watch((third) => this.view.merge({ third }));
    beside.speaker.view.watch((speaker) => this.view.merge({ speaker }));
    recorder.watch((state) => this.view.merge({ recorder: state }));
    this.#show(phone);
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

  /** Shows this connection's picture, voice and chat from now on. */
  #show(phone: PhoneCall): void {
    phone.call.view.watch((call) => {
      if (this.#equipment?.phone !== phone) return;
      this.view.merge({ call });
      // The first word counts for the desk's figures; a server that missed it counts without.
      if (call.voice && call.phase === "connected") this.#heard ||= this.#live.send({ type: "heard" });
    });
    this.view.merge({ chat: phone.call.chat });
  }

  /** The call is a colleague's now: their connection takes the place of the one before. */
  #succeed(equipment: Equipment, standing: Standing): void {
    const successor = equipment.succession.tell(standing);
    if (successor === null) return;
    const before = equipment.phone;
    successor.call.chat.take(before.call.chat.entries.value);
    equipment.phone = successor;
    this.#show(successor);
    this.view.merge({ call: successor.call.view.value });
    before.leave();
    if (this.view.value.privately) successor.call.tellState({ type: "private", on: true });
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
        return void this.#equipped.then((equipment) => {
          if (equipment === null || equipment.beside.hear(message)) return;
          (message.seat === "colleague" ? equipment.succession : equipment.phone).hear(message);
        });
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
    // The reply that the connection waits for comes right behind.
    if (before?.stage !== "answered" && standing.stage === "answered") drawByFrames();
    this.view.merge({ standing, problem: null });
    this.view.value.telling?.begin();
    if (standing.stage === "ended") {
      this.#equipment?.beside.end();
      this.#equipment?.succession.end();
      if (standing.ended_by === "attorney") this.#equipment?.phone.call.finish();
      this.#live.close();
      return;
    }
    void this.#equipped.then((equipment) => {
      if (equipment === null) return;
      equipment.beside.tell(standing);
      this.#succeed(equipment, standing);
    });
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
      this.#granting.begin(phone.answered, () => recorder.grant(card));
    } catch (error) {
      if (!(error instanceof kit.CallRefused)) throw error;
      // Said again with the next standing, it is looked at again.
      this.#card = null;
      phone.call.refuse(error);
    }
  }
}
