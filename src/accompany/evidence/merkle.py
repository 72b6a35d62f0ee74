"""The log's tree: RFC 6962 hashes and proofs, and c2sp.org/tlog-tiles paths.

A tree is read through a `Nodes` function: (level, number) -> hash of the complete subtree over
2^level leaves beginning at number·2^level. Whoever keeps those keeps the tree. Proof checking
needs nothing but the proof. Not here: checkpoints, storage. Pure.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha256

from accompany.errors import DoesNotHold, Malformed

EMPTY_ROOT = sha256(b"").digest()
TILE_WIDTH = 256
TILE_HEIGHT = 8

Nodes = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grown(size: int, leaf: bytes, nodes: Nodes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (level, number, hash) of every subtree that is completed by leaf hash number *size*."""
    level, number, value = 0, size, leaf
    yield level, number, value
    while number & 1:
        value = node_hash(nodes(level, number - 1), value)
        level, number = level + 1, number >> 1
        yield level, number, value


def root(size: int, nodes: Nodes) -> bytes:
    """Return the root of the first *size* leaves."""
    return EMPTY_ROOT if size == 0 else _range(0, size, nodes)


class Peaks:
    """A tree that grows by leaves, kept as its largest complete subtrees: some 30 hashes at most.

    Begins with the first *size* leaves of the tree that *nodes* reads. Whatever *nodes* says of
    them need not be believed: a root that comes out right later shows that it was so.
    """

    def __init__(self, size: int, nodes: Nodes) -> None:
        self.size = size
        self._peaks: list[bytes] = []
        at = 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                self._peaks.append(nodes(level, at >> level))
                at += 1 << level

    def add(self, leaf: bytes) -> None:
        value, number = leaf, self.size
        while number & 1:
            value, number = node_hash(self._peaks.pop(), value), number >> 1
        self._peaks.append(value)
        self.size += 1

    def root(self) -> bytes:
        value: bytes | None = None
        for peak in reversed(self._peaks):
            value = peak if value is None else node_hash(peak, value)
        return EMPTY_ROOT if value is None else value


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Return the hashes from leaf *index*'s sibling up to the root's child (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise Malformed("inclusion proof", f"no leaf {index} in a tree of {size}")
    return _path(index, 0, size, nodes)


def inclusion_proofs(indexes: Iterable[int], size: int, nodes: Nodes) -> Iterator[list[bytes]]:
    """Yield what `inclusion_proof` returns for each of *indexes*, every subtree hashed once.

    For thousands of proofs to one root, which share most of their hashes.
    """

    @cache
    def subtree(low: int, high: int) -> bytes:
        return _range(low, high, nodes)

    for index in indexes:
        if not 0 <= index < size:
            raise Malformed("inclusion proof", f"no leaf {index} in a tree of {size}")
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(subtree(middle, high))
                high = middle
            else:
                path.append(subtree(low, middle))
                low = middle
        yield path[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Return the hashes that show the tree of *new* leaves to begin with that of *old* (2.1.2)."""
    if not 0 <= old <= new:
        raise Malformed("consistency proof", f"no tree of {old} in one of {new}")
    return [] if old in (0, new) else _subproof(old, 0, new, True, nodes)


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
    """Return the root that *proof* leads to from leaf hash *leaf* (RFC 9162 2.1.3.2).

    Raise DoesNotHold where the proof's length does not fit the tree's shape.
    """
    if not 0 <= index < size:
        raise DoesNotHold("inclusion proof", f"an index under {size}", str(index))
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise DoesNotHold("inclusion proof", "fewer hashes", str(len(proof)))
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise DoesNotHold("inclusion proof", "more hashes", str(len(proof)))
    return value


def check_inclusion(
    index: int, size: int, leaf: bytes, proof: list[bytes], expected: bytes
) -> None:
    """Raise DoesNotHold unless leaf hash *leaf* is number *index* under root *expected*."""
    found = root_from_inclusion(index, size, leaf, proof)
    if found != expected:
        raise DoesNotHold("inclusion proof", f"root {expected.hex()}", found.hex())


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]
) -> None:
    """Raise DoesNotHold unless the tree *new* begins with the tree *old* (RFC 9162 2.1.4.2)."""
    what = "consistency proof"
    if old > new:
        raise DoesNotHold(what, f"at most {new} leaves", str(old))
    if old in (0, new):
        if proof:
            raise DoesNotHold(what, "no hashes", str(len(proof)))
        if old == new and old_root != new_root:
            raise DoesNotHold(what, f"root {old_root.hex()}", new_root.hex())
        if old == 0 and old_root != EMPTY_ROOT:
            raise DoesNotHold(what, f"the empty root {EMPTY_ROOT.hex()}", old_root.hex())
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise DoesNotHold(what, "at least one hash", "none")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise DoesNotHold(what, "fewer hashes", str(len(proof)))
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise DoesNotHold(what, "more hashes", str(len(proof)))
    if first != old_root:
        raise DoesNotHold(what, f"old root {old_root.hex()}", first.hex())
    if second != new_root:
        raise DoesNotHold(what, f"new root {new_root.hex()}", second.hex())


def tile_path(number: int, width: int = TILE_WIDTH) -> str:
    """Return `<N>[.p/<W>]` as c2sp.org/tlog-tiles writes it: x001/x234/067."""
    parts = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03d}")
    return "/".join(parts) + ("" if width == TILE_WIDTH else f".p/{width}")


def read_tile_path(path: str) -> tuple[int, int]:
    """Return (number, width) that *path* writes; raise Malformed for any other form."""
    whole, _, width = path.partition(".p/")
    digits = whole.replace("x", "").replace("/", "")
    if not (path.isascii() and digits.isdigit() and (not width or width.isdigit())):
        raise Malformed("tile path", f"found {path[:80]!r}")
    number, wide = int(digits), int(width) if width else TILE_WIDTH
    if len(digits) > 15 or not 1 <= wide <= TILE_WIDTH or tile_path(number, wide) != path:
        raise Malformed("tile path", f"found {path[:80]!r}")
    return number, wide


def _split(size: int) -> int:
    """The largest power of two below *size*."""
    return 1 << ((size - 1).bit_length() - 1)


def _range(low: int, high: int, nodes: Nodes) -> bytes:
    size = high - low
    if size & (size - 1) == 0 and low % size == 0:
        level = size.bit_length() - 1
        return nodes(level, low >> level)
    middle = low + _split(size)
    return node_hash(_range(low, middle, nodes), _range(middle, high, nodes))


def _path(index: int, low: int, high: int, nodes: Nodes) -> list[bytes]:
    if high - low == 1:
        return []
    middle = low + _split(high - low)
    if index < middle:
        return [*_path(index, low, middle, nodes), _range(middle, high, nodes)]
    return [*_path(index, middle, high, nodes), _range(low, middle, nodes)]


def _subproof(old: int, low: int, high: int, whole: bool, nodes: Nodes) -> list[bytes]:
    if old == high:
        return [] if whole else [_range(low, high, nodes)]
    middle = low + _split(high - low)
    if old <= middle:
        return [*_subproof(old, low, middle, whole, nodes), _range(middle, high, nodes)]
    return [*_subproof(old, middle, high, False, nodes), _range(low, middle, nodes)]
