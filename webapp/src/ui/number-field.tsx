/** A number that counts once its field is left: a page that is drawn anew meanwhile takes away nothing typed. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";

interface NumberFieldProps {
  value: number;
  min?: number;
  max?: number;
  step?: number;
  /** called with what stands there, where it is a number */
  done(value: number): void;
}

export function NumberField({ value, done, ...limits }: NumberFieldProps): JSX.Element {
  const [typed, type] = useState<string | null>(null);
  return (
    <input
      type="number"
      {...limits}
      value={typed ?? value}
      onInput={({ currentTarget }) => type(currentTarget.value)}
      onChange={({ currentTarget: { valueAsNumber } }) => {
        type(null);
        if (Number.isFinite(valueAsNumber)) done(valueAsNumber);
      }}
      onBlur={() => type(null)}
    />
  );
}
