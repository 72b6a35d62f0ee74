/** A QR code, black on white wherever it is shown, so that a camera reads it. */

import encodeQR from "qr";
import type { JSX } from "preact";

export function QrCode({ text, label }: { text: string; label: string }): JSX.Element {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: 2 });
  const path = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${rows.length} ${rows.length}`}>
      <path d={path} />
    </svg>
  );
}
