/**
 * What a screen reader is told: `say` when it has time, `alarm` at once. The two regions are in the
 * page from its start, since a region that comes with its text is not read.
 */

import type { JSX } from "preact";
import { Store } from "../store";
import { useWatched } from "./hooks";

const polite = new Store("");
const assertive = new Store("");

export const say = (sentence: string): void => polite.set(sentence);
export const alarm = (sentence: string): void => assertive.set(sentence);

export function Said(): JSX.Element {
  return (
    <>
      <div class="hidden-text" role="status" data-testid="said">
        {useWatched(polite)}
      </div>
      <div class="hidden-text" role="alert" data-testid="alarm">
        {useWatched(assertive)}
      </div>
    </>
  );
}
