/**
 * The HTTP requests of the two pages, typed: `/api/service`, sessions, invitations, cases. Recordings
 * are sent by the recorder, not from here, and no answer is believed before it was read.
 */

import { hearTime, wayOf } from "./clock";
import type { Case, Service } from "./contracts";
import type { Colleague, Problem } from "./live-contracts";
import {
  readCases,
  readColleagues,
  readGrants,
  readInvitation,
  readProblem,
  readService,
  type Invitation,
} from "./messages";
import { isRecord, orNull, record, string, type Read } from "./shape";

/** The server said no: an RFC 9457 problem, or what stands in for one. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "Refused";
  }
}

/** Nothing came back: no network, or no server. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("the server cannot be reached", { cause });
    this.name = "Unreachable";
  }
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { cache: "no-store", ...init });
  } catch (error) {
    throw new Unreachable(error);
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  throw new Refused(
    readProblem(body) ?? {
      type: "about:blank",
      title: response.statusText,
      status: response.status,
      detail: "",
    },
  );
}

/** What a request is made with whose body is JSON; `headers` come beside the one that says so. */
export const inJson = (method: string, body: object, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method,
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** Asks, with a JSON body where there is one, and reads the answer; one that is no JSON is read as null. */
export async function ask<T>(read: Read<T>, path: string, method = "GET", body?: object): Promise<T> {
  const response = await request(path, body === undefined ? { method } : inJson(method, body));
  const value: unknown = await response.json().catch(() => null);
  return read(value, path);
}

const get = <T>(path: string, read: Read<T>): Promise<T> => ask(read, path);

const post = (path: string, body: object): Promise<Response> => request(path, inJson("POST", body));

const SERVICE = "/api/service";

export async function fetchService(): Promise<Service> {
  const asked = performance.now();
  const service = await get(SERVICE, readService);
  hearTime(service.time, wayOf(SERVICE, asked));
  return service;
}

/** Asks until the server answers; `waiting` is told about every attempt that failed. */
export async function fetchServiceForEver(waiting: (error: unknown) => void): Promise<Service> {
  for (let tries = 0; ; tries++) {
    try {
      return await fetchService();
    } catch (error) {
      waiting(error);
      await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 500 * 2 ** tries)));
    }
  }
}

const invitationPath = (code: string): string => `/api/invitations/${encodeURIComponent(code)}`;

export const fetchInvitation = (code: string): Promise<Invitation> =>
  get(invitationPath(code), readInvitation);

export interface Enrolment {
  name: string;
  recipient: string;
  key: string;
  licenses: string[];
  languages: string[];
}

/** Redeems an invitation; returns the attorney card, a note by the organization's key. */
/** Who somebody is now, and their card; null where a coordinator has still to sign it. */
export interface Enrolled {
  person: string;
  card: string | null;
}

export async function enrol(code: string, enrolment: Enrolment): Promise<Enrolled> {
  const response = await post(invitationPath(code), enrolment);
  const value: unknown = await response.json().catch(() => null);
  return record<Enrolled>({ person: string, card: orNull(string) })(value, "card");
}

/** Opens a session; the challenge is answered by a note that `sign` makes. */
export async function signIn(sign: (challenge: string) => string): Promise<void> {
  const read = record<{ challenge: string }>({ challenge: string });
  const { challenge } = await get("/api/sessions/challenge", read);
  await post("/api/sessions", { note: sign(challenge) });
}

/** One's own card, once it is signed. */
export const fetchCard = async (): Promise<string | null> =>
  (await get("/api/me", record<{ card: string | null }>({ card: orNull(string) }))).card;

export const fetchCases = (): Promise<Case[]> => get("/api/cases", readCases);

/** Who could take this case over, best fit first. */
export const fetchColleagues = (encounter: string): Promise<Colleague[]> =>
  get(`/api/cases/${encounter}/colleagues`, readColleagues);

/** A recording's opening, a signed note. */
export async function fetchOpening(recording: string): Promise<string> {
  const read: Read<{ opening: string }> = (value, where) => ({
    opening: string(isRecord(value) ? value["opening"] : null, `${where}.opening`),
  });
  return (await get(`/api/recordings/${recording}`, read)).opening;
}

export async function fetchGrants(recording: string, headers: Record<string, string> = {}): Promise<string[]> {
  const path = `/api/recordings/${recording}/grants`;
  return readGrants(await (await request(path, { headers })).json(), path);
}

/** Hands a sealed grant in, with the note (base64) that says it was meant. */
export async function addGrant(recording: string, file: Uint8Array, note: string): Promise<void> {
  await request(`/api/recordings/${recording}/grants`, {
    method: "POST",
    headers: { Statement: note },
    body: new Uint8Array(file),
  });
}

export const packagePath = (recording: string): string => `/api/recordings/${recording}/package`;

/** The sealed package, with the bytes fetched so far told on the way; `bare` without who had it in hand. */
export async function fetchPackage(
  recording: string,
  progress: (bytes: number) => void,
  headers: Record<string, string> = {},
  bare = false,
): Promise<Blob> {
  const response = await request(`${packagePath(recording)}${bare ? "?custody=no" : ""}`, { headers });
  if (response.body === null) return response.blob();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(new Uint8Array(read.value));
    bytes += read.value.length;
    progress(bytes);
  }
  return new Blob(parts, { type: "application/zip" });
}
