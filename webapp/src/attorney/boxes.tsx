/** A group of check boxes under one legend. */

import type { JSX } from "preact";

interface BoxesProps {
  legend: string;
  /** value and what is shown, in order */
  options: readonly (readonly [string, string])[];
  chosen: readonly string[];
  choose(chosen: string[]): void;
  missing?: string | null;
  scrolls?: boolean;
}

export function Boxes({ legend, options, chosen, choose, missing, scrolls }: BoxesProps): JSX.Element {
  const toggle = (value: string, on: boolean): void => {
    const wanted = new Set(chosen);
    if (on) wanted.add(value);
    else wanted.delete(value);
    choose(options.map(([each]) => each).filter((each) => wanted.has(each)));
  };
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div class={scrolls === true ? "boxes scrolls" : "boxes"}>
        {options.map(([value, shown]) => (
          <label key={value}>
            <input
              type="checkbox"
              value={value}
              checked={chosen.includes(value)}
              onChange={(event) => toggle(value, event.currentTarget.checked)}
            />
            {shown}
          </label>
        ))}
      </div>
      {missing && <p class="missing">{missing}</p>}
    </fieldset>
  );
}
