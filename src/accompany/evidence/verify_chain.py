"""Checking what the device said: statements, their chain, their times, and the sealed segments.

Every statement is looked at, whatever was wrong with the one before. Pure. Not here: what the
server said of them (verify_log), what the segments hold (verify_opened).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from accompany.errors import DoesNotHold
from accompany.evidence import layout
from accompany.evidence.age_header import HEADER_LIMIT, HeaderFailure, parse_header
from accompany.evidence.contents import Contents
from accompany.evidence.findings import Findings
from accompany.evidence.notes import Note, Verifier
from accompany.evidence.statements import (
    Closing,
    Following,
    Gap,
    Opening,
    SegmentStatement,
    digest_of,
    open_opening,
    read_statement,
    recording_verifier,
)

CLOCK_FALL = 2000
"""Milliseconds by which a device's clock may be set back between two statements."""
GAP_OVERLAP = 1000
"""Milliseconds by which a gap may overlap film; `muted` and `private` ones may entirely."""
SILENCE = 100
"""Milliseconds without film or sound that no gap need state, and by which segments may overlap."""

_ALONGSIDE = ("muted", "private")


@dataclass(slots=True)
class Chain:
    """What the statements say, as far as they could be read; notes' digests by number."""

    opening: Opening | None = None
    opening_note: bytes | None = None
    digests: dict[int, bytes] = field(default_factory=dict)
    following: list[Following] = field(default_factory=list)
    last: int = 0
    """The highest number of a statement; files are taken in order."""

    @property
    def segments(self) -> list[SegmentStatement]:
        return [item for item in self.following if isinstance(item, SegmentStatement)]

    @property
    def closing(self) -> Closing | None:
        """The closing, if it is the last statement."""
        tail = self.following[-1] if self.following else None
        return tail if isinstance(tail, Closing) and tail.number == self.last else None


class ChainReader:
    """Takes the statements' notes in the order of their files."""

    def __init__(self, findings: Findings) -> None:
        self.chain = Chain()
        self._findings = findings
        self._verifier: Verifier | None = None
        self._closed: int | None = None
        self._segments = 0

    def take_opening(self, note: bytes) -> None:
        path = layout.statement_path(0)
        self.chain.opening_note = note
        self.chain.digests[0] = digest_of(note)
        with self._findings.under("statement-signature", path):
            self.chain.opening = open_opening(note)
            self._verifier = recording_verifier(self.chain.opening.key)

    def take(self, number: int, note: bytes) -> Following | None:
        """Take the note in statement file *number* after the opening; return it if it is in form.

        Signature, recording, number, chain and closing are checked, each for itself.
        """
        path = layout.statement_path(number)
        before = self.chain.digests.get(number - 1)
        self.chain.last = number
        self.chain.digests[number] = digest_of(note)
        statement = self._read(path, note)
        if statement is None:
            return None
        if statement.number != number:
            self._findings.add("statement-number", path, str(number), str(statement.number))
            # From here on it counts as what its file's name says, so that its segment is found.
            statement = replace(statement, number=number)
        if before is not None and statement.previous != before:
            found = statement.previous.hex()
            self._findings.add("statement-previous", path, before.hex(), found)
        if self._closed is not None:
            found = f"statement {number}"
            expected = f"nothing after the closing, statement {self._closed}"
            self._findings.add("after-closing", path, expected, found)
        self._count(path, statement)
        self.chain.following.append(statement)
        return statement

    def _read(self, path: str, note: bytes) -> Following | None:
        with self._findings.under("statement-signature", path):
            parsed = Note.parse(note)
            statement = read_statement(parsed.text)
            if isinstance(statement, Opening):
                raise DoesNotHold(path, "segment, gap or closing", "an opening")
            opening = self.chain.opening
            if opening is not None and self._verifier is not None:
                if statement.recording != opening.recording:
                    found = statement.recording
                    self._findings.add("statement-recording", path, opening.recording, found)
                with self._findings.under("statement-signature", path):
                    parsed.only_by(self._verifier, path)
            return statement
        return None

    def _count(self, path: str, statement: Following) -> None:
        if isinstance(statement, SegmentStatement):
            self._segments += 1
        if isinstance(statement, Closing):
            self._closed = statement.number if self._closed is None else self._closed
            if statement.segments != self._segments:
                found = str(statement.segments)
                self._findings.add("closing-count", path, f"{self._segments} segments", found)


def check_segment(
    contents: Contents, statement: SegmentStatement, number: int, findings: Findings
) -> int:
    """Compare a segment's file with its statement; return how many bytes it has."""
    path = layout.segment_path(number)
    size = contents.sizes[path]
    if size != statement.size:
        findings.add("segment-size", path, f"{statement.size} bytes", f"{size} bytes")
    head = b""
    for chunk in contents.chunks(path):
        head += chunk[: HEADER_LIMIT - len(head)]
    if path in contents.unreadable:
        head = b""
    if contents.digests[path] != statement.sha256:
        found = contents.digests[path].hex()
        findings.add("segment-sha256", path, statement.sha256.hex(), found)
    check_stanza("segment-stanza", path, head, findings)
    return size


def check_stanza(code: str, path: str, start: bytes, findings: Findings) -> None:
    """Look at the *start* of an age file: whose it is must not depend on who opens it."""
    try:
        header = parse_header(start)
    except HeaderFailure as error:
        findings.add(code, path, "one mlkem768x25519 stanza", error.why)
        return
    if not header.one_hybrid:
        found = ", ".join(stanza.kind for stanza in header.stanzas)
        findings.add(code, path, "one mlkem768x25519 stanza", found)


def check_shared(segments: Sequence[SegmentStatement], findings: Findings) -> None:
    """No two segments share a sha256: a piece shown twice would look like two moments."""
    first: dict[bytes, int] = {}
    for segment in segments:
        other = first.setdefault(segment.sha256, segment.number)
        if other != segment.number:
            path = layout.statement_path(segment.number)
            expected = "bytes of its own"
            findings.add("sha256-shared", path, expected, f"those of segment {other}")


def check_times(chain: Chain, findings: Findings) -> None:
    """Look at offsets and clocks: what falls, what overlaps, what nobody states.

    Gaps that run alongside film (`muted`, `private`) are stated when they end, so theirs may lie
    before what was stated already.
    """
    ordered = [
        item
        for item in chain.following
        if not (isinstance(item, Gap) and item.reason in _ALONGSIDE)
    ]
    _check_falling(chain, ordered, findings)
    film = [item for item in ordered if isinstance(item, SegmentStatement) and item.number > 1]
    gaps = [item for item in chain.following if isinstance(item, Gap)]
    _check_gaps_over_film(film, gaps, findings)
    if chain.opening is not None and chain.opening.kind != "notes":
        _check_between(film, gaps, chain.closing, findings)


def _check_falling(chain: Chain, ordered: Sequence[Following], findings: Findings) -> None:
    offset, time = 0, chain.opening.time if chain.opening else None
    for item in ordered:
        path = layout.statement_path(item.number)
        # A gap is noticed late: what was filmed before it may have been stated already.
        back = GAP_OVERLAP if isinstance(item, Gap) else 0
        if item.offset + back < offset:
            expected = f"an offset of at least {offset - back} ms"
            findings.add("offset-falls", path, expected, f"{item.offset} ms")
        if time is not None and time - item.time > CLOCK_FALL:
            findings.add("time-falls", path, number=item.number, milliseconds=time - item.time)
        offset, time = max(offset, item.offset), item.time


def _check_gaps_over_film(
    film: Sequence[SegmentStatement], gaps: Sequence[Gap], findings: Findings
) -> None:
    filmed = _Spans((item.offset, item.offset + item.duration) for item in film)
    for gap in gaps:
        shared = filmed.covered(gap.offset, gap.offset + gap.duration)
        if shared > GAP_OVERLAP and gap.reason not in _ALONGSIDE:
            path = layout.statement_path(gap.number)
            found = f"{shared} ms from offset {gap.offset}"
            findings.add("gap-over-film", path, f"at most {GAP_OVERLAP} ms", found)


def _check_between(
    film: Sequence[SegmentStatement],
    gaps: Sequence[Gap],
    closing: Closing | None,
    findings: Findings,
) -> None:
    """Look at the end of each segment and the next offset, be it a segment's or the closing's."""
    stated = _Spans((gap.offset, gap.offset + gap.duration) for gap in gaps)
    follows: list[SegmentStatement | Closing] = [*film[1:], *([closing] if closing else [])]
    end = 0
    for item, following in zip(film, follows, strict=False):
        path, number = layout.statement_path(item.number), item.number
        end = max(end, item.offset + item.duration)
        overlap = end - following.offset
        if overlap > SILENCE and isinstance(following, SegmentStatement):
            path, number = layout.statement_path(following.number), following.number
            findings.add("segments-overlap", path, number=number, milliseconds=overlap)
        silence = stated.longest_hole(end, following.offset)
        if silence > SILENCE:
            findings.add("silence", path, number=number, milliseconds=silence)


class _Spans:
    """Stretches of time, joined where they touch; milliseconds."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._spans: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            if self._spans and start <= self._spans[-1][1]:
                self._spans[-1] = (self._spans[-1][0], max(self._spans[-1][1], end))
            else:
                self._spans.append((start, end))
        self._starts = [start for start, _ in self._spans]

    def _within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for index in range(max(0, bisect_right(self._starts, start) - 1), len(self._spans)):
            if self._spans[index][0] >= end:
                return
            yield self._spans[index]

    def covered(self, start: int, end: int) -> int:
        """Return how much of *start* to *end* the spans cover."""
        shared = (min(end, stop) - max(start, begin) for begin, stop in self._within(start, end))
        return sum(max(0, length) for length in shared)

    def longest_hole(self, start: int, end: int) -> int:
        """Return the longest stretch from *start* to *end* that no span covers."""
        longest, at = 0, start
        for begin, stop in self._within(start, end):
            longest = max(longest, begin - at)
            at = max(at, stop)
        return max(longest, end - at)
