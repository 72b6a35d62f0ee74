/** Gives a person a file that was made in the page; the browser asks where, or puts it where it puts files. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads it after the click; a page that stays open must not hold it for ever.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
