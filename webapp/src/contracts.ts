/**
 * What the halves of the web app promise each other, and the server: types only. HTTP is described in
 * docs/format.md. Not here: live messages (`live-contracts.ts`).
 */

import type { ChatEntry } from "./channel";
import type { Own } from "./own/kept";
import type { ReleaseGrant } from "./people/release";

/** GET /api/service: everything a page has to know about the server before anything else. */
export interface Service {
  /** the log's name */
  origin: string;
  /** vkey of the organization's key; compared with the one pinned in the caller's link */
  organization_key: string;
  /** the `accompany/organization/v1` note by that key */
  organization: string;
  /** policy text of this server (tlog-policy) */
  policy: string;
  /** true: its keys lie in the server's data folder, and every page says so */
  demonstration: boolean;
  /** telephone number shown from the first second, or null */
  hotline: string | null;
  /** number for a prepared text message, or null */
  hotline_sms: string | null;
  /** the organization's own words for the officer's card, by language; empty where it has none */
  officer_card: Record<string, string[]>;
  /** the organization's words for the limited engagement, by language; empty where it has none */
  engagement: Record<string, string[]>;
  states: string[];
  languages: string[];
  /** ICE servers that need no name; empty where none are configured */
  ice: RTCIceServer[];
  /** whether every call goes through a relay, whose servers `POST /api/relay` names */
  relay: boolean;
  /** how contacts can be told; its channels are empty where the organization has none */
  telling: TellingService;
  time: string;
}

/** What a phone has to know to tell people (docs/telling.md). */
export interface TellingService {
  /** the `accompany/telling/v1` note by the organization's key: whom contacts are sealed to */
  note: string;
  channels: string[];
  /** how many contacts, characters of a message, and after how many minutes a caller can be missed */
  contacts: number;
  characters: number;
  minutes: number[];
}

/** What an `accompany/organization/v1` note says once it was verified. */
export interface Organization {
  name: string;
  custodian: string;
  log: string;
  receipts: string;
}

export type Kind = "film" | "sound" | "advice" | "notes";
export type ClosingReason = "stopped" | "left" | "battery" | "device" | "storage" | "replaced";
export type GapReason = "hidden" | "muted" | "private" | "device" | "storage" | "unknown";

export interface Head {
  recording: string;
  number: number;
  /** hex SHA-256 of the signed statement */
  digest: string;
}

/** All there is to show about what is being recorded; told again after every change. */
export interface RecorderState {
  recording: string | null;
  kind: Kind | null;
  phase: "starting" | "recording" | "finishing" | "finished" | "failed";
  /** camera and microphone as they really are */
  camera: "on" | "refused" | "lost" | "none";
  microphone: "on" | "refused" | "lost" | "none";
  /** seconds of film or sound that exist only on this phone */
  unsafeSeconds: number;
  /** seconds recorded so far */
  seconds: number;
  /** things in the queue without a verified receipt */
  waiting: number;
  /** milliseconds since the last verified receipt while something waits, else 0 */
  silence: number;
  /** the last refusal in words, for the screen; null when all is well */
  problem: string | null;
  /** true once the answering attorney's grant has a verified receipt */
  granted: boolean;
  /** seconds that gaps state as not recorded */
  missing: number;
  /** why camera or microphone deliver nothing now, where one tap (`resume`) may bring them back */
  interrupted: "muted" | "device" | null;
  /** why sound alone is recorded although there is a camera */
  saving: "battery" | "storage" | null;
  /** film waits on this phone so that the call is heard */
  held: boolean;
  /** bits a second that the line leaves for the call's picture */
  callPicture: number;
  /** bits a second that the call's voice may take */
  callVoice: number;
}

export interface RecorderOptions {
  service: Service;
  organization: Organization;
  encounter: string;
  guestCode: string;
  /** base64 public key whose holder may ask for deletion; without it only the organization may */
  deletion?: string;
  /** the caller's own key, where this phone has one: whom to grant to, where to file (own/kept) */
  own?: Own | null;
  /** somebody else to grant to, and who takes each grant: it is withheld from them (people/release) */
  release?: { readonly recipient: string; made(grant: ReleaseGrant): void } | null;
}

/**
 * One encounter's recorder: camera and microphone, sealed and sent. Made by `startRecorder` in
 * `recorder.ts`; the keys live in its worker's memory and nowhere else.
 */
export interface Recorder {
  readonly encounter: string;
  /** the one stream of camera and microphone, null where both were refused; clone its tracks */
  readonly stream: Promise<MediaStream | null>;
  /** resolves as soon as the recording's keys exist and the opening is signed and queued */
  readonly opened: Promise<{ recording: string; kind: Kind; opening: string }>;
  readonly state: RecorderState;
  /** calls back at once and after every change; returns how to stop */
  watch(callback: (state: RecorderState) => void): () => void;
  /** calls back with every new head */
  onHead(callback: (head: Head) => void): () => void;
  /** signs an `accompany/answer/v1` or `accompany/ahead/v1` text (and nothing else) with the recording's key */
  signAnswer(text: string): Promise<string>;
  /** verifies the card against the organization's key and grants the recording to its holder */
  grant(card: string): Promise<void>;
  /** "speak privately": the evidence is silent, and says so, until it is set back; the call goes on */
  setPrivate(on: boolean): void;
  /** keeps what is new in the chat in a recording of its own; nothing of what is written privately */
  keepChat(entries: readonly ChatEntry[]): void;
  /** closes the recording and resolves once everything is safe or after 10 s (the queue stays) */
  stop(reason: ClosingReason): Promise<void>;
  /** forgets the recording's identity: from now on nothing more can be granted from this phone */
  lock(): void;
  /** asks for what stopped once more and goes on in new recordings; call it within a tap */
  resume(): Promise<void>;
  /** records the picture too, although the battery is low; call it within a tap */
  addFilm(): Promise<void>;
  /** calls back when `resume` or `addFilm` brought other tracks than `stream` had */
  onStream(callback: (stream: MediaStream) => void): () => void;
  /** the call's round trip in milliseconds; null where no call is connected */
  hearCall(roundTrip: number | null): void;
}

/** What lies in this device's queue from earlier lives of the page. */
export interface Leftovers {
  recordings: number;
  waiting: number;
  sent: number;
  /** segments whose bytes this phone could not keep: the recording states them, and that is all */
  lost: number;
  /** what no server takes any more: it lacks what came before, and so does this phone */
  stranded: number;
}

/** GET /api/cases: the encounters this attorney answered, newest first. */
export interface Case {
  encounter: string;
  state: string;
  language: string;
  pressed: string;
  answered: string;
  ended: string | null;
  recordings: CaseRecording[];
  letters: CaseLetter[];
}

/** A closing letter that was sent and not taken back. */
export interface CaseLetter {
  recording: string;
  author: string;
  /** the author's */
  name: string;
  time: string;
}

export interface CaseRecording {
  recording: string;
  kind: Kind;
  last: number;
  segments: number;
  missing: number;
  closing: ClosingReason | null;
}
