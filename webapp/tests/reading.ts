/** What several tests read notes with. */

import { type Verifier, openNote as open } from "../src/evidence/notes";
import { openOpening, recordingVerifier } from "../src/evidence/statements";

export const openNote = (note: Uint8Array, verifier: Verifier): string => open(note, verifier);

export const recordingVerifierOf = (opening: Uint8Array): Verifier => recordingVerifier(openOpening(opening).key);
