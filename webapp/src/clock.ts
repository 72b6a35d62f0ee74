/**
 * The service's clock, as far as this page has heard it. What a phone states goes by it: a clock that
 * is wrong in a way of its own would be known again in every recording of its owner. Before anything
 * was heard, and without a line, it is the phone's own.
 */

let ahead = 0;

/** When an answer was asked for, and when it came; milliseconds by `performance.now()`. */
export interface Way {
  readonly asked: number;
  readonly came: number;
}

/** Takes the `time` of an answer, which was written half way. */
export function hearTime(time: string, { asked, came }: Way): void {
  const written = Date.parse(time);
  const since = performance.now() - (asked + came) / 2;
  if (Number.isFinite(written)) ahead = Math.round(written + since - Date.now());
}

/** when the request began whose way was told last */
let told = Number.NEGATIVE_INFINITY;

/**
 * The way of a request for `path` that was asked for at `asked` and is answered by now: as the browser noted it, if it
 * did. A page that is only just beginning asks for what is on its way or there already (it is preloaded), and hears
 * late: its clock would be a tenth of a second behind where nothing is far. Each request is told of once.
 */
export function wayOf(path: string, asked: number): Way {
  const noted = performance.getEntriesByName(new URL(path, location.href).href, "resource").at(-1);
  const { startTime = told, requestStart = 0, responseStart = 0 } = (noted ?? {}) as Partial<PerformanceResourceTiming>;
  const unknown = startTime <= told || responseStart <= requestStart;
  told = Math.max(told, startTime);
  return unknown ? { asked, came: performance.now() } : { asked: requestStart, came: responseStart };
}

/** Milliseconds since 1970 UTC. */
export const now = (): number => Date.now() + ahead;
