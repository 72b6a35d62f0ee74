/**
 * The drill: what happens at a press, without the ringing. Ten seconds are recorded, sealed and sent
 * like any others, and every receipt is checked; then their deletion is asked for.
 *
 * No press goes out, so that no attorney ever hears of it. The recording is sealed to a key made for it
 * here and forgotten at once: nobody, the organization included, can open it from its first second on.
 * The server erases the bytes after its usual wait; what stays is noise in the log (docs/format.md).
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import type { Kind, Recorder, RecorderState, Service } from "../contracts";
import { askDeletion } from "../deletion";
import { writeBase32, writeBase64 } from "../evidence/text";
import { generateAgeKeys } from "../seal/age";
import { Store } from "../store";
import type { Kit } from "./kit-loader";

/** How much is recorded, in s of film or sound, and how long that may take at most, in ms. */
export const DRILL_SECONDS = 10;
const PATIENCE = 30_000;

export interface DrillView {
  readonly phase: "starting" | "recording" | "sending" | "deleting" | "over";
  readonly seconds: number;
  /** statements made, and those among them with a verified receipt */
  readonly sealed: number;
  readonly arrived: number;
  readonly kind: Kind | null;
  readonly result: DrillResult | null;
}

export type DrillResult =
  /** `due`: when the server erases it, ms since 1970 UTC; null where it did not take the wish */
  | { is: "arrived"; kind: "film" | "sound"; due: number | null }
  | { is: "failed"; why: "devices" | "sending" | "trust" | "recorder"; problem: string | null };

const NOTHING_YET: DrillView = { phase: "starting", seconds: 0, sealed: 0, arrived: 0, kind: null, result: null };

export class Drill {
  readonly view = new Store<DrillView>(NOTHING_YET);
  /** the recordings it made, with the number of the last statement of each */
  readonly #heads = new Map<string, number>();

  /** Begins at once; call it within the tap, so that the browser may ask for camera and microphone. */
  constructor(
    private readonly service: Service,
    private readonly code: string,
    kit: Promise<Kit>,
  ) {
    void kit.then((found) => this.#run(found)).catch((error: unknown) => this.#fail("recorder", String(error)));
  }

  async #run(kit: Kit): Promise<void> {
    const found = kit.trustPinned(this.service);
    if ("refused" in found) return this.#fail("trust", null);
    const deletion = ed25519.utils.randomSecretKey();
    // The identity is dropped right here: what is sealed to its recipient is sealed for ever.
    const { recipient: custodian } = await generateAgeKeys();
    const recorder = kit.startRecorder({
      service: this.service,
      organization: { ...found.organization, custodian },
      encounter: writeBase32(crypto.getRandomValues(new Uint8Array(20))),
      guestCode: this.code,
      deletion: writeBase64(ed25519.getPublicKey(deletion)),
    });
    recorder.lock();
    recorder.onHead(({ recording, number }) => this.#heads.set(recording, number));
    const unwatch = recorder.watch((state) => this.#show(state));
    try {
      await this.#record(recorder);
      this.view.merge({ phase: "sending" });
      await recorder.stop("stopped");
      const result = resultOf(recorder.state);
      this.view.merge({ phase: "deleting" });
      const due = await this.#delete(deletion);
      this.view.merge({ phase: "over", result: result.is === "arrived" ? { ...result, due } : result });
    } finally {
      unwatch();
    }
  }

  /** Resolves once ten seconds are recorded, or when that cannot be. */
  #record(recorder: Recorder): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      const unwatch = recorder.watch(({ seconds, phase, kind }) => {
        const enough = seconds >= DRILL_SECONDS || phase === "failed" || kind === "notes";
        if (!enough) return;
        clearTimeout(timer);
        // `watch` calls back before it has returned.
        queueMicrotask(() => unwatch());
        resolve();
      });
    });
  }

  #show({ phase, seconds, kind, waiting }: RecorderState): void {
    const sealed = [...this.#heads.values()].reduce((sum, last) => sum + last + 1, 0);
    const before = this.view.value;
    const recording = before.phase === "starting" && phase === "recording" ? ({ phase: "recording" } as const) : {};
    this.view.merge({ ...recording, seconds, kind, sealed, arrived: Math.max(before.arrived, sealed - waiting) });
  }

  /** Asks for the deletion of all that was made; returns when the last of it is due. */
  async #delete(key: Uint8Array): Promise<number | null> {
    let due: number | null = null;
    for (const recording of this.#heads.keys()) {
      try {
        due = Math.max(due ?? 0, (await askDeletion(recording, key)).due);
      } catch {
        return null;
      }
    }
    return due;
  }

  #fail(why: "trust" | "recorder", problem: string | null): void {
    this.view.merge({ phase: "over", result: { is: "failed", why, problem } });
  }
}

/** What a recorder that has stopped says of the drill. Pure. */
export function resultOf({ kind, phase, waiting, seconds, problem }: RecorderState): DrillResult {
  if (kind === "notes") return { is: "failed", why: "devices", problem: null };
  if (kind === null || kind === "advice" || seconds === 0) return { is: "failed", why: "recorder", problem };
  if (phase !== "finished" || waiting > 0) return { is: "failed", why: "sending", problem };
  return { is: "arrived", kind, due: null };
}
