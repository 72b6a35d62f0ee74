/**
 * The family of errors of the evidence half, twins of src/accompany/errors.py. Each carries
 * fields; its text says what was expected and what came, for a log. No sentence here is shown to
 * a person: pages translate codes.
 *
 *     AccompanyError
 *      ├── Malformed      not in its written form
 *      ├── DoesNotHold    in form, but what it claims is not so
 *      └── OutOfOrder     does not follow the last one kept
 */

export class AccompanyError extends Error {
  override name = "AccompanyError";
}

/** `what` is not in its one written form; `why` says where it differs. */
export class Malformed extends AccompanyError {
  override name = "Malformed";
  constructor(
    readonly what: string,
    readonly why: string,
  ) {
    super(`${what} is not in its written form: ${why}`);
  }
}

/** In form, but what it claims is not so. */
export class DoesNotHold extends AccompanyError {
  override name = "DoesNotHold";
  constructor(
    readonly what: string,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${what}: expected ${expected}, found ${found}`);
  }
}

/** A statement that does not follow the last one kept, whose number and digest stand here. */
export class OutOfOrder extends AccompanyError {
  override name = "OutOfOrder";
  constructor(
    why: string,
    readonly last: number,
    readonly digest: Uint8Array,
  ) {
    super(why);
  }
}
