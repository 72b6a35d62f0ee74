/**
 * Who else a phone hears: the third, answered with the recording's key and sent a copy of the one
 * microphone; and, while nobody has answered, an attorney who speaks to many that wait, to whom nothing
 * is sent, so that no caller can be heard by anybody.
 */

import type { CallPorts } from "./call";
import { acceptCard, writeAnswer } from "./call-notes";
import { Third, type Answered } from "./call-third";
import type { Recorder } from "./contracts";
import type { Seat, Signal, ToCaller } from "./live-contracts";

export interface PhoneBeside {
  third: Third;
  speaker: Third;
  /** What the server says of both; saying it twice is harmless. */
  tell(standing: Pick<Extract<ToCaller, { type: "standing" }>, "third" | "speaker">): void;
  /** Takes a signal of one of them; false where it is not one. */
  hear(signal: Signal): boolean;
  nudge(): void;
  end(): void;
}

/** How long an answer waits for the microphone before it goes without. */
const WITHOUT_MEDIA = 1000;

export function phoneBeside(recorder: Recorder, organizationKey: string, ports: (seat: Seat) => CallPorts): PhoneBeside {
  const { encounter } = recorder;
  const clones: MediaStreamTrack[] = [];
  let newest = recorder.stream;
  const stop = (): void => clones.splice(0).forEach((clone) => clone.stop());
  const sign = async (answered: Answered): Promise<{ note: string; opening: string }> => {
    const { recording, opening } = await recorder.opened;
    return { note: await recorder.signAnswer(writeAnswer({ encounter, recording, ...answered })), opening };
  };
  const third = new Third({
    encounter,
    organizationKey,
    ports: ports("interpreter"),
    sign,
    async sound() {
      const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), WITHOUT_MEDIA));
      const stream = await Promise.race([newest, late]);
      stop();
      clones.push(...(stream?.getAudioTracks() ?? []).map((track) => track.clone()));
      // The evidence may be silenced just now ("speak privately"): the call never is.
      for (const clone of clones) clone.enabled = true;
      return [...clones];
    },
  });
  const speaker = new Third({
    encounter,
    organizationKey,
    ports: ports("speaker"),
    sign,
    accept: acceptCard,
    sound: () => Promise.resolve([]),
  });
  const unwatch = recorder.onStream((stream) => {
    newest = Promise.resolve(stream);
    void third.renew();
  });
  return {
    third,
    speaker,
    tell(standing) {
      third.tell(standing.third);
      speaker.tell(standing.speaker);
    },
    hear(signal) {
      if (signal.seat === "interpreter") third.hear(signal);
      else if (signal.seat === "speaker") speaker.hear(signal);
      else return false;
      return true;
    },
    nudge() {
      third.nudge();
      speaker.nudge();
    },
    end() {
      unwatch();
      third.end();
      speaker.end();
      stop();
    },
  };
}
