/**
 * The court copy: the same film as H.264 and AAC in an mp4 that starts at once, marked as derived. Twin
 * of src/accompany/client/court_copy.py as far as a browser reaches: what is H.264 or AAC stays as it
 * is, sound of another kind is encoded anew where the browser can, and stays as it is where it cannot.
 * Time stands still where parts are withheld.
 */

import {
  ALL_FORMATS,
  BlobSource,
  BufferTarget,
  Conversion,
  Input,
  Mp4OutputFormat,
  Output,
  canEncodeAudio,
} from "mediabunny";

export interface CourtCopy {
  readonly film: Blob;
  /** how each came about */
  readonly picture: string;
  readonly sound: string;
}

export interface Made {
  readonly copy: CourtCopy | null;
  /** why there is none */
  readonly why: string;
}

const KEPT = "its packets as they are";
const RATE = 128_000;

export const noCopy = (why: string): Made => ({ copy: null, why });

/** Makes the copy of `film`, or says why there is none; `mark` stands in its comment. */
export async function makeCourtCopy(film: Blob, recording: string, mark: string): Promise<Made> {
  try {
    return await copied(film, recording, mark);
  } catch (error) {
    return noCopy(`it could not be made in this browser: ${error instanceof Error ? error.name : "an error"}`);
  }
}

async function copied(film: Blob, recording: string, mark: string): Promise<Made> {
  const input = new Input({ formats: ALL_FORMATS, source: new BlobSource(film) });
  const [picture, sound] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
  if (picture === null && sound === null) return noCopy("neither film nor sound was found in it");
  if (picture !== null && (await picture.getCodec()) !== "avc") {
    return noCopy("its picture is no H.264: `accompany open` encodes it anew");
  }
  const again = sound !== null && (await sound.getCodec()) !== "aac" && (await canEncodeAudio("aac"));
  const target = new BufferTarget();
  const conversion = await Conversion.init({
    input,
    output: new Output({ format: new Mp4OutputFormat({ fastStart: "in-memory" }), target }),
    tags: { title: `Derived copy of recording ${recording}`, comment: mark },
    // Without it times are counted from the first frame.
    trim: { start: 0 },
    showWarnings: false,
    ...(again ? { audio: { codec: "aac", bitrate: RATE } } : {}),
  });
  if (!conversion.isValid) return noCopy("its tracks do not go into an mp4 in this browser");
  await conversion.execute();
  if (target.buffer === null) return noCopy("nothing was written");
  const codec = sound === null ? "none" : await sound.getCodec();
  return {
    copy: {
      film: new Blob([target.buffer], { type: "video/mp4" }),
      picture: picture === null ? "none" : KEPT,
      sound: sound === null ? "none" : again ? `encoded anew: aac, ${RATE / 1000} kbit/s` : `${KEPT} (${codec})`,
    },
    why: "",
  };
}
