/**
 * One press, from the button to the moment when everything is safe: the recorder first, then the
 * ringing, the call, and the end. It owns no part of the page; screens watch its `view`.
 *
 * The encounter and its secret are made here and live in memory only: a page that dies takes the
 * claim to its encounter with it, while what was recorded waits sealed in the queue.
 */

import { CallRefused } from "../call-notes";
import { PhoneCall } from "../call-phone";
import type { CallView } from "../call";
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
import { startRecorder } from "../recorder";
import { iceSource } from "../service";
import { Store } from "../store";
import type { Choices } from "./choices";

export type Standing = Extract<ToCaller, { type: "standing" }>;

export interface EncounterView {
  recorder: RecorderState;
  connection: Connection;
  standing: Standing | null;
  attorney: Card | null;
  call: CallView;
  problem: Problem | null;
  preview: MediaStream | null;
  /** the caller ended it */
  ended: boolean;
  locked: boolean;
}

/** How long a press that was refused for want of room waits before it is made again. */
const PRESS_AGAIN = 10_000;

/** How long the goodbye waits for the closing statement's head to leave with it. */
const LAST_HEAD = 1500;

function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}

export class Encounter {
  readonly view: Store<EncounterView>;
  readonly phone: PhoneCall;
  readonly #recorder: Recorder;
  readonly #live: Live<CallerMessage, ToCaller>;
  readonly #press: Extract<CallerMessage, { type: "press" }>;
  #recording: Extract<CallerMessage, { type: "recording" }> | null = null;
  #card: string | null = null;

  constructor(service: Service, organization: Organization, choices: Choices, clock: ServerClock) {
    const encounter = writeBase32(randomBytes(20));
    // The recording begins before anything else may fail or wait.
    this.#recorder = startRecorder({ service, organization, encounter, guestCode: choices.code });
    this.#press = {
      type: "press",
      encounter,
      secret: writeBase64(randomBytes(32)),
      state: choices.state,
      language: choices.language,
      guest_code: choices.code,
    };
    this.#live = new Live(
      { path: "/api/live/caller", read: readToCaller, greet: () => this.#greeting() },
      clock,
    );
    const ice = iceSource(service);
    void ice();
    this.phone = new PhoneCall({
      recorder: this.#recorder,
      organizationKey: service.organization_key,
      ports: {
        ice,
        send: (signal) => this.#live.send({ type: "signal", ...signal }),
        now: () => clock.now(),
      },
      bye: () => this.phone.call.finish(),
    });
    this.view = new Store<EncounterView>({
      recorder: this.#recorder.state,
      connection: "connecting",
      standing: null,
      attorney: null,
      call: this.phone.call.view.value,
      problem: null,
      preview: null,
      ended: false,
      locked: false,
    });
    this.#begin();
  }

  get clock(): ServerClock {
    return this.#live.clock;
  }

  lock(): void {
    this.#recorder.lock();
    this.view.merge({ locked: true });
  }

  /** Lets go: before an answer this withdraws the press. Resolves once the goodbye is said. */
  async end(): Promise<void> {
    if (this.view.value.ended) return;
    this.view.merge({ ended: true });
    const stopped = this.#recorder.stop("stopped");
    const late = new Promise((resolve) => setTimeout(resolve, LAST_HEAD));
    await Promise.race([stopped, late]).catch(() => undefined);
    this.#live.send({ type: "end" });
    await this.phone.end();
    // A press that the server never heard of is not made now, only to be withdrawn.
    if (this.view.value.standing === null) this.#live.close();
    await stopped.catch(() => undefined);
  }

  #begin(): void {
    this.#recorder.watch((recorder) => this.view.merge({ recorder }));
    this.#live.connection.watch((connection) => {
      this.view.merge({ connection });
      if (connection === "open") this.phone.nudge();
    });
    this.#live.listen((message) => this.#hear(message));
    this.phone.call.view.watch((call) => this.view.merge({ call }));
    void this.#recorder.stream.then((preview) => this.view.merge({ preview }));
    void this.#recorder.opened.then(
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
        return this.phone.hear(message);
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
    if (standing.stage === "ended") {
      if (standing.ended_by === "attorney") this.phone.call.finish();
      this.#live.close();
      return;
    }
    if (standing.card !== null && standing.card !== this.#card) this.#meet(standing.card);
    if (standing.attorney_here && before?.attorney_here === false) this.phone.nudge();
  }

  #meet(card: string): void {
    try {
      const attorney = this.phone.meet(card);
      this.#card = card;
      this.view.merge({ attorney });
      this.#recorder.grant(card).catch(() => undefined);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.phone.call.refuse(error);
    }
  }
}
