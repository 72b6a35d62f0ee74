/**
 * The HTTP requests of the two pages, typed: `/api/service`, sessions, invitations, cases. Recordings
 * are sent by the recorder, not from here, and no answer is believed before it was read.
 */

import type { Case, Problem, Service } from "./contracts";
import { readCases, readInvitation, readProblem, readService, type Invitation } from "./messages";
import { record, string, type Read } from "./shape";

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

async function get<T>(path: string, read: Read<T>): Promise<T> {
  const response = await request(path);
  const value: unknown = await response.json().catch(() => null);
  return read(value, path);
}

async function post(path: string, body: object): Promise<Response> {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const fetchService = (): Promise<Service> => get("/api/service", readService);

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

const ICE_AGE = 5 * 60_000;

/**
 * ICE servers that are fresh enough to be used: relay credentials live for minutes, so they are fetched
 * again where there are some. Without an answer the last known ones are used.
 */
export function iceSource(service: Service): () => Promise<RTCIceServer[]> {
  let known = service.ice;
  // What was kept from an earlier visit is old; a phone's clock that is wrong only asks once more.
  const old = Math.abs(Date.now() - Date.parse(service.time)) > ICE_AGE;
  let at = old ? -Infinity : performance.now();
  return async () => {
    const timed = known.some(({ credential }) => credential !== undefined);
    if (!timed || performance.now() - at < ICE_AGE) return known;
    try {
      known = (await fetchService()).ice;
      at = performance.now();
    } catch {
      // A call over old credentials may still hold; no call never does.
    }
    return known;
  };
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
export async function enrol(code: string, enrolment: Enrolment): Promise<string> {
  const response = await post(invitationPath(code), enrolment);
  const value: unknown = await response.json().catch(() => null);
  return record<{ card: string }>({ card: string })(value, "card").card;
}

/** Opens a session; the challenge is answered by a note that `sign` makes. */
export async function signIn(sign: (challenge: string) => string): Promise<void> {
  const read = record<{ challenge: string }>({ challenge: string });
  const { challenge } = await get("/api/sessions/challenge", read);
  await post("/api/sessions", { note: sign(challenge) });
}

export const fetchCases = (): Promise<Case[]> => get("/api/cases", readCases);

export const packagePath = (recording: string): string => `/api/recordings/${recording}/package`;

/** The sealed package, with the bytes fetched so far told on the way. */
export async function fetchPackage(
  recording: string,
  progress: (bytes: number) => void,
): Promise<Blob> {
  const response = await request(packagePath(recording));
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
