/** Boxes drawn by hand, each by numbers as well, for whoever uses no pointer; the last act can be undone. */

import type { JSX } from "preact";
import { t, type Key } from "../i18n";
import { NumberField } from "../ui/number-field";
import type { Cover } from "./covers";

interface BoxesProps {
  drawn: readonly Cover[];
  change(drawn: readonly Cover[]): void;
  /** null where there is nothing to undo */
  undo: (() => void) | null;
  time: number;
  length: number;
}

const SHARES = ["x", "y", "width", "height"] as const;
const TIMES = ["from", "to"] as const;
const tenth = (value: number): number => Math.round(value * 10) / 10;

export function Boxes({ drawn, change, undo, time, length }: BoxesProps): JSX.Element {
  const add = (): void => change([...drawn, { x: 0.4, y: 0.3, width: 0.2, height: 0.3, from: time, to: length }]);
  return (
    <div class="by-hand" data-testid="copy-boxes">
      <p class="soft">{t("copy.draw")}</p>
      <p class="row">
        <button type="button" class="button" onClick={add}>
          {t("copy.add")}
        </button>
        <button type="button" class="button" disabled={undo === null} onClick={() => undo?.()}>
          {t("copy.undo")}
        </button>
      </p>
      {drawn.map((box, number) => (
        <fieldset key={number}>
          <legend>{t("copy.box", { number: number + 1 })}</legend>
          {[...SHARES, ...TIMES].map((side) => {
            const timed = side === "from" || side === "to";
            return (
              <label key={side}>
                {t(`copy.${side}` as Key)}
                <NumberField
                  min={0}
                  max={timed ? tenth(length + 0.1) : 100}
                  step={timed ? 0.1 : 1}
                  value={timed ? tenth(box[side]) : Math.round(box[side] * 100)}
                  done={(given) => {
                    const value = timed ? given : given / 100;
                    change(drawn.map((one, other) => (other === number ? { ...one, [side]: value } : one)));
                  }}
                />
              </label>
            );
          })}
          <button type="button" class="button" onClick={() => change(drawn.filter((_, other) => other !== number))}>
            {t("copy.remove", { number: number + 1 })}
          </button>
        </fieldset>
      ))}
    </div>
  );
}
