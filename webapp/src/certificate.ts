/**
 * A connection's own certificate, made before it is needed: its fingerprint can be signed while the
 * browser still works on the description that will show it. Firefox does not tell a certificate's
 * fingerprint; there the browser makes one by itself, and what it shows is signed afterwards.
 */

export interface Certificate {
  certificate: RTCCertificate;
  /** SHA-256 in hex, without colons */
  fingerprint: string;
}

/** What browsers use by themselves, too (RFC 8827, section 6.5). */
const KIND: EcKeyGenParams = { name: "ECDSA", namedCurve: "P-256" };

export async function makeCertificate(): Promise<Certificate | null> {
  try {
    const certificate = await RTCPeerConnection.generateCertificate(KIND);
    const shown = certificate.getFingerprints().find(({ algorithm }) => algorithm === "sha-256")?.value;
    return shown === undefined ? null : { certificate, fingerprint: shown.replaceAll(":", "").toLowerCase() };
  } catch {
    return null;
  }
}
