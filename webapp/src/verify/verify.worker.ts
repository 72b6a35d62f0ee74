/** Verifies off the page: the worker's side of `run`. It asks nobody and stores nothing. */

import { AccompanyError } from "../errors";
import { Verifier } from "../evidence/notes";
import { filmOf } from "./film";
import { readHeads } from "./heads";
import type { FromVerifier, Given, ReportSaid, ToVerifier, Unread } from "./messages";
import { readPolicy } from "./policy";
import { readAnchors } from "./timestamps";
import type { Trust } from "./trust";
import { verifyPackage } from "./verify";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const say = (message: FromVerifier) => scope.postMessage(message);

/** Progress is told after this many bytes. */
const STEP = 512 * 1024;

class NotRead extends Error {
  constructor(
    readonly which: Unread,
    readonly why: string,
  ) {
    super(why);
  }
}

scope.onmessage = ({ data }: MessageEvent<ToVerifier>) => {
  verify(data).then(
    (report) => say({ say: "report", report }),
    (error: unknown) => {
      if (error instanceof NotRead) say({ say: "unread", which: error.which, why: error.why });
      else say({ say: "failed", why: error instanceof Error ? error.message : String(error) });
    },
  );
};

async function verify({ file, given }: ToVerifier): Promise<ReportSaid> {
  const trust = await trustIn(given);
  let [bytes, told] = [0, 0];
  const report = await verifyPackage(file, trust, (more) => {
    bytes += more;
    if (bytes - told < STEP) return;
    told = bytes;
    say({ say: "read", bytes });
  });
  return {
    exit: report.exit,
    findings: report.findings.map(({ code, verdict, text, file: path, expected, found, accepted }) => ({
      code,
      verdict,
      text,
      file: path,
      expected,
      found,
      accepted,
    })),
    meaning: report.meaning,
    notShown: report.notShown,
    facts: report.facts,
    film: report.findings.some(({ code }) => code === "media-holds") ? await filmOf(file, report.facts.media) : null,
  };
}

async function trustIn(given: Given): Promise<Trust> {
  const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
  const { policy, anchors, signer, heads, openEnded } = given;
  return {
    policy: policy && (await read("policy", async () => readPolicy(await bytesOf(policy)))),
    anchors: await read("anchors", async () => (await Promise.all(anchors.map(bytesOf))).flatMap(readAnchors)),
    signer: signer.trim() === "" ? null : await read("signer", async () => Verifier.parse(signer.trim())),
    heads: await read("heads", async () => (await Promise.all(heads.map(bytesOf))).flatMap(readHeads)),
    openEnded,
  };
}

async function read<T>(which: Unread, reading: () => Promise<T>): Promise<T> {
  try {
    return await reading();
  } catch (error) {
    if (error instanceof AccompanyError) throw new NotRead(which, error.message);
    throw error;
  }
}
