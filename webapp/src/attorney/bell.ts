/**
 * The sound of a ring: two soft chords, made here and looped by the audio engine, so that a tab in the
 * background rings as evenly as one in front. A browser lets it sound only after a click; `arm` is
 * called from "Go on duty".
 */

const LOOP = 2.4;
const CHIMES: readonly { at: number; tones: readonly number[] }[] = [
  { at: 0, tones: [587.33, 880] },
  { at: 0.32, tones: [739.99, 1108.73] },
  { at: 0.64, tones: [880, 1318.51] },
];
const LENGTH = 1.1;

export class Bell {
  #context: AudioContext | null = null;
  #sounding: AudioBufferSourceNode | null = null;
  #shaking: ReturnType<typeof setInterval> | undefined;

  /** Whether a ring would be heard. */
  get armed(): boolean {
    return this.#context?.state === "running";
  }

  async arm(): Promise<void> {
    this.#context ??= new AudioContext();
    if (this.#context.state !== "running") await this.#context.resume().catch(() => undefined);
  }

  /** Rings until `stop`; ringing already, it goes on. */
  start(): void {
    if (this.#sounding === null) this.#sounding = this.#play(true);
    if (this.#shaking !== undefined || !("vibrate" in navigator)) return;
    const shake = (): boolean => navigator.vibrate([500, 150, 500]);
    shake();
    this.#shaking = setInterval(shake, LOOP * 1000);
  }

  stop(): void {
    this.#sounding?.stop();
    this.#sounding = null;
    if (this.#shaking === undefined) return;
    clearInterval(this.#shaking);
    this.#shaking = undefined;
    navigator.vibrate(0);
  }

  /** Sounds once, so that an attorney can set the volume. */
  async test(): Promise<void> {
    await this.arm();
    this.#play(false);
  }

  #play(loop: boolean): AudioBufferSourceNode | null {
    const context = this.#context;
    if (!context) return null;
    const source = new AudioBufferSourceNode(context, { buffer: chimes(context), loop });
    source.connect(context.destination);
    source.start();
    return source;
  }
}

function chimes(context: AudioContext): AudioBuffer {
  const { sampleRate } = context;
  const buffer = new AudioBuffer({ length: Math.round(LOOP * sampleRate), sampleRate });
  const samples = buffer.getChannelData(0);
  for (const { at, tones } of CHIMES) {
    const first = Math.round(at * sampleRate);
    for (let n = 0; n < LENGTH * sampleRate && first + n < samples.length; n++) {
      const seconds = n / sampleRate;
      const loudness = 0.28 * Math.min(1, seconds / 0.012) * Math.exp(-3.2 * seconds);
      let wave = 0;
      for (const tone of tones) wave += Math.sin(2 * Math.PI * tone * seconds) / tones.length;
      samples[first + n] = (samples[first + n] ?? 0) + loudness * wave;
    }
  }
  return buffer;
}
