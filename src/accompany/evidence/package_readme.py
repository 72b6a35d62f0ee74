"""README.txt of a package: what a clerk reads, and how to check by hand, with common tools.

The commands in it are run by a test. Pure.
"""

from accompany.ids import RecordingId

_TEXT = """\
RECORDING {recording}
{line}

WHAT THIS IS

One recording, made by one device and sealed on it while it was made. Each piece
of it left the device with a signed statement. A server kept the pieces, entered
a fingerprint of every statement in a public log and gave a signed receipt for
each. This package holds all of that, so that it can be checked without asking
that server, its operator or the device.

Location: not collected. Nothing in here says where the recording was made,
except what can be seen and heard in it.

WHAT LIES WHERE

  data/statements/   what the device said of each piece, signed, each naming the
                     one before it. 000000 is the opening. The last one is the
                     closing, unless the recording was cut short
  data/segments/     the pieces, sealed (age files). The numbers are those of
                     their statements, so some are skipped
  data/receipts/     the server's signed word that it has the statement
  data/proofs/       that the log holds the statement (C2SP tlog-proof)
  data/log/          the log's signed state (checkpoint), the proof that it grew
                     from the state the device saw before (after.proof), whose
                     keys the server says are its own (policy), and time stamps
  data/grants/       who can open the pieces: the key, sealed to each of them
  data/card.note     the attorney who answered, where there is one
  data/card-revocation.note
                     where that card was revoked: when, and whether its key may
                     be in other hands
  data/custody.jsonl who read, shared or exported the recording since
  data/package.note  the server's signed list of all these files

Only in a package that was opened:

  data/filekeys.txt  the keys of the pieces shown, and why others are withheld
  data/media/        recording.* is the film or sound itself, unchanged;
                     court-copy.mp4 the same for any player, derived from it;
                     derivation.json says how each was made
  data/certification.pdf
                     a draft for a qualified person to read, complete and sign
  data/opened.note   who opened it: a signed list of these files

THE SHORT WAY

  accompany verify {recording}.zip --policy POLICY

Accompany is free software and does this without a network. POLICY is the file
with the keys of the log. Get it from somebody you trust, not from this package:
the copy in data/log/policy is what the server says of itself.

BY HAND

Needed: a shell, unzip, sha256sum, xxd and openssl 3; age 1.3 or newer to open
sealed pieces. What the commands make lies in /tmp. Unpack the package and enter
its folder, the one with bagit.txt:

  unzip -q {recording}.zip
  cd {recording}

1. Is this copy undamaged? (Says nothing about who made it.)

  sha256sum -c --quiet manifest-sha256.txt && echo undamaged

2. Did the device's key sign statement 000001? The key stands in the opening:
   the recording's name is a fingerprint of it, so no other key can take its
   place. Any statement's number may stand in the first line.

  n=000001
  sed '/^$/,$d' data/statements/$n.note > /tmp/text
  tail -n 1 data/statements/$n.note | cut -d' ' -f3 | base64 -d |
    tail -c 64 > /tmp/signature
  (echo 302a300506032b6570032100 | xxd -r -p
   sed -n 's/^key //p' data/statements/000000.note | base64 -d) > /tmp/key
  openssl pkeyutl -verify -pubin -keyform DER -inkey /tmp/key -rawin \\
    -in /tmp/text -sigfile /tmp/signature

3. Does the key belong to the recording's name? This prints the name.

  sed -n 's/^key //p' data/statements/000000.note | base64 -d |
    openssl dgst -sha256 -binary | head -c 20 | base32 | tr A-Z a-z

4. Does each statement follow the one before? "previous" in statement 000001 is
   the SHA-256 of the whole file 000000.note, and so on.

  sha256sum data/statements/000000.note; grep previous data/statements/000001.note

5. Is a sealed piece the one its statement names? Compare the two that the first
   command prints. The second compares all of them, and is silent if they agree.

  sha256sum data/segments/000001.age; grep sha256 data/statements/000001.note

  for piece in data/segments/*.age; do
    n=$(basename $piece .age)
    named=$(sed -n 's/^sha256 //p' data/statements/$n.note)
    echo "$named  $piece" | sha256sum -c --quiet
  done

6. Did the server sign the receipt? As in step 2, with data/receipts/ instead of
   data/statements/ and the key from the line "# receipts" of the policy: what
   follows the second plus sign, after base64 -d, without its first byte.

  n=000001
  sed '/^$/,$d' data/receipts/$n.note > /tmp/text
  tail -n 1 data/receipts/$n.note | cut -d' ' -f3 | base64 -d |
    tail -c 64 > /tmp/signature
  (echo 302a300506032b6570032100 | xxd -r -p
   sed -n 's/^# receipts [^+]*+[^+]*+//p' data/log/policy | base64 -d |
    tail -c 32) > /tmp/key
  openssl pkeyutl -verify -pubin -keyform DER -inkey /tmp/key -rawin \\
    -in /tmp/text -sigfile /tmp/signature

7. To open the sealed pieces: for whoever holds a key that they were granted to.
   MY-KEY is the file with that key, beginning with AGE-SECRET-KEY-PQ-1. Where
   0.age does not open, try 1.age, and so on. The second command gives the
   recording's own key: keep it to yourself, and remove it when you are done. The
   pieces in order, put behind each other, are the film or sound.

  umask 077
  age -d -i MY-KEY data/grants/0.age > /tmp/identity
  for piece in data/segments/*.age; do
    age -d -i /tmp/identity $piece
  done > /tmp/film
  rm /tmp/identity

8. In an opened package: is the film in it what the pieces hold? Compare the two.
   (Where pieces were withheld they differ: data/filekeys.txt says which.)

  sha256sum /tmp/film data/media/recording.*

The proofs in data/proofs/ take many SHA-256 steps each (RFC 6962); the program
above does them. Every form is public: c2sp.org/signed-note, c2sp.org/tlog-proof,
c2sp.org/age, RFC 8493 (the folder), and docs/format.md of Accompany.

WHAT IT DOES NOT SHOW

Where the recording was made; who holds the device; what was in front of the
camera and not filmed. The device's clock proves nothing by itself: the log
shows only after and before which of its own states a statement was made.
"""


def readme(recording: RecordingId) -> bytes:
    """Return README.txt of the package of *recording*."""
    title = f"RECORDING {recording}"
    return _TEXT.format(recording=recording, line="=" * len(title)).encode()
