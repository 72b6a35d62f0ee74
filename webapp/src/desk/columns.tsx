/**
 * A picture of presses in columns, drawn here: answered soon, answered later, abandoned; told apart
 * without colour, too. What it says stands in its description and in the table beside it.
 */

import type { JSX } from "preact";
import { LANGUAGES, language, t } from "../i18n";
import type { Tally } from "./answers";

export interface Column extends Pick<Tally, "presses" | "answered" | "within_10" | "abandoned"> {
  label: string;
}

const HIGH = 120;
const WIDE = 24;
const FOOT = 22;
const HEAD = 16;

interface ColumnsProps {
  id: string;
  title: string;
  columns: readonly Column[];
}

export function Columns({ id, title, columns }: ColumnsProps): JSX.Element {
  const most = Math.max(1, ...columns.map(({ presses }) => presses));
  const width = Math.max(columns.length * WIDE, 10 * WIDE);
  const total = (name: "presses" | "within_10" | "abandoned"): number => columns.reduce((sum, one) => sum + one[name], 0);
  // Time goes as one reads.
  const mirrored = LANGUAGES[language.value]?.direction === "rtl";
  const every = Math.ceil(columns.length / 15);
  return (
    <figure class="picture">
      <div class="wide" tabIndex={0} role="group" aria-label={title}>
        <svg
          viewBox={`0 0 ${width} ${HEAD + HIGH + FOOT}`}
          width={width}
          height={HEAD + HIGH + FOOT}
          role="img"
          aria-labelledby={`${id}-title ${id}-about`}
        >
          <title id={`${id}-title`}>{title}</title>
          <desc id={`${id}-about`}>
            {t("dd.picture.about", {
              presses: total("presses"),
              within: total("within_10"),
              abandoned: total("abandoned"),
            })}
          </desc>
          <defs>
            <pattern id={`${id}-hatch`} width="5" height="5" patternUnits="userSpaceOnUse">
              <path class="hatch" d="M0 5L5 0" />
            </pattern>
            <pattern id={`${id}-lines`} width="5" height="5" patternUnits="userSpaceOnUse">
              <path class="hatch" d="M0 2.5H5" />
            </pattern>
          </defs>
          <path class="axis" d={`M0 ${HEAD + HIGH + 0.5}H${width}`} />
          {columns.map((one, at) => (
            <Stack
              key={one.label}
              column={one}
              x={(mirrored ? width - (at + 1) * WIDE : at * WIDE) + 3}
              most={most}
              id={id}
              named={at % every === 0}
            />
          ))}
        </svg>
      </div>
      <figcaption class="legend small">
        <span class="key soon">{t("dd.within", { seconds: 10 })}</span>
        <span class="key later">{t("dd.later")}</span>
        <span class="key gone">{t("dd.abandoned")}</span>
      </figcaption>
    </figure>
  );
}

interface StackProps {
  column: Column;
  x: number;
  most: number;
  /** of the picture, whose patterns are used */
  id: string;
  named: boolean;
}

function Stack({ column, x, most, id, named }: StackProps): JSX.Element {
  const { presses, answered, within_10, abandoned, label } = column;
  const scale = HIGH / most;
  const parts = [
    { count: within_10, name: "soon" },
    { count: answered - within_10, name: "later" },
    { count: abandoned, name: "gone" },
  ];
  let y = HEAD + HIGH;
  return (
    <g>
      {parts.map(({ count, name }) => {
        y -= count * scale;
        const at = { x, y, width: WIDE - 6, height: count * scale };
        return (
          <g key={name}>
            <rect class={name} {...at} />
            {name !== "soon" && <rect {...at} fill={`url(#${id}-${name === "gone" ? "hatch" : "lines"})`} />}
          </g>
        );
      })}
      {presses > 0 && (
        <text class="count" x={x + (WIDE - 6) / 2} y={y - 4}>
          {presses}
        </text>
      )}
      {named && (
        <text class="name" x={x + (WIDE - 6) / 2} y={HEAD + HIGH + 15}>
          {label}
        </text>
      )}
    </g>
  );
}
