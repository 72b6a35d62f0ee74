/** What there is to show of a recorder before it is there. */

import type { RecorderState } from "./contracts";

export const STARTING: RecorderState = {
  recording: null,
  kind: null,
  phase: "starting",
  camera: "none",
  microphone: "none",
  unsafeSeconds: 0,
  seconds: 0,
  missing: 0,
  waiting: 0,
  silence: 0,
  problem: null,
  granted: false,
  interrupted: null,
  saving: null,
  held: false,
  callPicture: 300_000,
  callVoice: 32_000,
};
