/**
 * What a press needs besides the ringing: recorder, call and the check of whose server this is, about
 * three times the page itself. It is loaded when the page is idle, or at the press.
 */

export { CallRefused } from "../call-notes";
export { PhoneCall } from "../call-phone";
export { phoneBeside } from "../phone-third";
export { keepFirstFrame } from "./first-frame";
export { sendLeftovers } from "../leftovers";
export { tellingOf } from "../people/telling";
export { startRecorder, warmRecorder } from "../recorder";
export { pinOf, trustPinned } from "./trust";
