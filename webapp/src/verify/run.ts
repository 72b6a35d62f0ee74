/**
 * Verifies a package in a worker of the page's own. The worker is there from the page's start, so
 * that nothing has to be fetched later: once loaded, the page needs no network.
 */

import type { FromVerifier, Given, ReportSaid, ToVerifier, Unread } from "./messages";

/** What was handed in beside the package could not be read. */
export class Unreadable extends Error {
  override name = "Unreadable";
  constructor(
    readonly which: Unread,
    readonly why: string,
  ) {
    super(`${which}: ${why}`);
  }
}

/** The verifier itself failed: a fault of ours or of the browser, never a verdict. */
export class Fault extends Error {
  override name = "Fault";
}

export class VerifierWorker {
  private readonly worker = new Worker(new URL("./verify.worker.ts", import.meta.url), { type: "module" });

  /** What is asked of it then is never answered. */
  end(): void {
    this.worker.terminate();
  }

  /** One at a time; `progress` is told of bytes read, of which some are read twice. */
  verify(file: Blob, given: Given, progress: (bytes: number) => void): Promise<ReportSaid> {
    return new Promise((resolve, reject) => {
      this.worker.onerror = (event) => reject(new Fault(event.message));
      this.worker.onmessage = ({ data }: MessageEvent<FromVerifier>) => {
        if (data.say === "read") progress(data.bytes);
        else if (data.say === "report") resolve(data.report);
        else if (data.say === "unread") reject(new Unreadable(data.which, data.why));
        else reject(new Fault(data.why));
      };
      this.worker.postMessage({ file, given } satisfies ToVerifier);
    });
  }
}
