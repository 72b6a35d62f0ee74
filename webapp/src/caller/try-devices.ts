/** Asks for camera and microphone and lets them go at once: so that the browser asks now, not then. */

export type Tried = "both" | "sound" | "picture" | "none";

async function open(constraints: MediaStreamConstraints): Promise<boolean> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    for (const track of stream.getTracks()) track.stop();
    return true;
  } catch {
    return false;
  }
}

/** Call it within a tap. One request for both first, as at the press; then what is left of it. */
export async function tryDevices(): Promise<Tried> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (devices === undefined) return "none";
  if (await open({ audio: true, video: { facingMode: "environment" } })) return "both";
  if (await open({ audio: true })) return "sound";
  return (await open({ video: true })) ? "picture" : "none";
}
