"""The tree: RFC 6962 by its definition, proofs by laws, and the public vectors."""

import json
from base64 import b64decode
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accompany.errors import AccompanyError, DoesNotHold, Malformed
from accompany.evidence.merkle import (
    EMPTY_ROOT,
    Peaks,
    check_consistency,
    check_inclusion,
    consistency_proof,
    grown,
    inclusion_proof,
    inclusion_proofs,
    leaf_hash,
    node_hash,
    read_tile_path,
    root,
    tile_path,
)
from evidence.vectors import VECTORS, needs_vectors

MOST = 70
LEAVES = [leaf_hash(str(n).encode()) for n in range(MOST)]


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(plain_root(leaves[:k]), plain_root(leaves[k:]))


@cache
def kept() -> dict[tuple[int, int], bytes]:
    nodes: dict[tuple[int, int], bytes] = {}
    for index, leaf in enumerate(LEAVES):
        for level, number, value in grown(index, leaf, lambda *at: nodes[at]):
            nodes[level, number] = value
    return nodes


def nodes(level: int, number: int) -> bytes:
    return kept()[level, number]


sizes = st.integers(1, MOST)


@given(st.integers(0, MOST))
def test_a_root_is_what_the_rfc_defines(size):
    assert root(size, nodes) == plain_root(LEAVES[:size])


@given(sizes)
def test_many_proofs_at_once_are_the_proofs_one_by_one(size):
    read: list[tuple[int, int]] = []

    def watched(level: int, number: int) -> bytes:
        read.append((level, number))
        return nodes(level, number)

    indexes = range(size - 1, -1, -1)
    expected = [inclusion_proof(index, size, nodes) for index in indexes]
    assert list(inclusion_proofs(indexes, size, watched)) == expected
    assert len(read) <= 4 * size
    with pytest.raises(Malformed, match=f"no leaf {size}"):
        list(inclusion_proofs([size], size, nodes))


@given(st.data())
def test_a_tree_goes_on_from_its_peaks_at_any_size(data):
    size = data.draw(st.integers(0, MOST))
    start = data.draw(st.integers(0, size))
    peaks = Peaks(start, nodes)
    for leaf in LEAVES[start:size]:
        assert peaks.root() == root(peaks.size, nodes)
        peaks.add(leaf)
    assert (peaks.size, peaks.root()) == (size, root(size, nodes))


@given(st.data())
def test_an_inclusion_proof_holds_for_its_leaf_and_no_other(data):
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, nodes)
    check_inclusion(index, size, LEAVES[index], proof, root(size, nodes))
    other = data.draw(
        st.integers(0, size - 1).filter(lambda n: n != index) if size > 1 else st.just(0)
    )
    for bent in (
        (other, size, LEAVES[index], proof) if other != index else None,
        (index, size, leaf_hash(b"other"), proof),
        (index, size, LEAVES[index], [*proof, EMPTY_ROOT]),
        (index, size, LEAVES[index], proof[:-1]) if proof else None,
        (index, size, LEAVES[index], [EMPTY_ROOT, *proof[1:]]) if proof else None,
        (size, size, LEAVES[index], proof),
        (-1, size, LEAVES[index], proof),
    ):
        if bent is not None:
            with pytest.raises(DoesNotHold):
                check_inclusion(*bent, root(size, nodes))


@given(st.data())
def test_a_consistency_proof_holds_between_its_trees_and_no_others(data):
    new = data.draw(sizes)
    old = data.draw(st.integers(0, new))
    proof = consistency_proof(old, new, nodes)
    old_root, new_root = root(old, nodes), root(new, nodes)
    check_consistency(old, new, old_root, new_root, proof)
    forked = leaf_hash(b"forked")
    with pytest.raises(DoesNotHold):
        check_consistency(old, new, forked, new_root, proof)
    if 0 < old < new:
        for bent in (proof[:-1], [*proof, forked], [forked, *proof[1:]], []):
            with pytest.raises(DoesNotHold):
                check_consistency(old, new, old_root, new_root, bent)
        with pytest.raises(DoesNotHold):
            check_consistency(old, new, old_root, forked, proof)
        with pytest.raises(DoesNotHold):
            check_consistency(new, old, new_root, old_root, proof)


def test_no_proof_is_made_of_what_is_not_there():
    with pytest.raises(Malformed):
        inclusion_proof(3, 3, nodes)
    with pytest.raises(Malformed):
        consistency_proof(4, 3, nodes)


def test_two_histories_of_one_size_are_told_apart():
    with pytest.raises(DoesNotHold):
        check_consistency(5, 5, root(5, nodes), root(6, nodes), [])
    with pytest.raises(DoesNotHold):
        check_consistency(0, 5, root(1, nodes), root(5, nodes), [])


# ---- Tiles --------------------------------------------------------------------------------------


@given(st.integers(0, 10**15 - 1), st.integers(1, 256))
def test_a_tile_path_is_read_as_it_was_written(number, width):
    assert read_tile_path(tile_path(number, width)) == (number, width)


def test_tile_paths_are_the_specifications():
    """c2sp.org/tlog-tiles gives these."""
    assert tile_path(1234067) == "x001/x234/067"
    assert tile_path(0, 1) == "000.p/1"


@pytest.mark.parametrize(
    "path",
    ["", "0", "00", "0000", "1234", "x000/000", "x001/x234/67", "000.p/0", "000.p/257", "000.p/256",
     "000.p/01", "000.p/", "../000", "000.p/1.p/1", "٠٠٠", "-01", "x001", "999" * 9],
)  # fmt: skip
def test_another_way_to_write_a_tile_path_is_refused(path):
    with pytest.raises(Malformed):
        read_tile_path(path)


@given(st.text(max_size=20))
def test_any_text_is_a_tile_path_or_malformed(text):
    try:
        number, width = read_tile_path(text)
    except Malformed:
        return
    assert tile_path(number, width) == text


# ---- Public vectors: transparency-dev/merkle ----------------------------------------------------

# A proof from the empty tree is empty and holds (RFC 9162), whatever the larger root.
FROM_NOTHING = {"consistency/additional/size1-is-zero-and-size2-is-not-zero.json"}
# Hashes of no bytes at all never reach this check: what reads them wants 32.
NO_BYTES = {"inclusion/single-entry/empty-root-and-leaf.json"}


def cases(kind: str) -> list[str]:
    return sorted(
        str(path.relative_to(VECTORS / "merkle"))
        for path in (VECTORS / "merkle" / kind).rglob("*.json")
    )


def hashes(case: dict) -> list[bytes]:
    return [b64decode(one) for one in case["proof"] or []]


def outcome(check, *given) -> bool:
    """Whether an error was found."""
    try:
        check(*given)
    except AccompanyError:
        return True
    return False


@needs_vectors
def test_the_public_consistency_cases():
    names = cases("consistency")
    assert len(names) == 98
    differing = set()
    for name in names:
        case = json.loads((VECTORS / "merkle" / name).read_text())
        found = outcome(
            check_consistency, case["size1"], case["size2"], b64decode(case["root1"] or ""),
            b64decode(case["root2"] or ""), hashes(case),
        )  # fmt: skip
        if found != case["wantErr"]:
            differing.add(name)
    assert differing == FROM_NOTHING


@needs_vectors
def test_the_public_inclusion_cases():
    names = cases("inclusion")
    assert len(names) == 98
    differing = set()
    for name in names:
        case = json.loads((VECTORS / "merkle" / name).read_text())
        found = outcome(
            check_inclusion, case["leafIdx"], case["treeSize"], b64decode(case["leafHash"] or ""),
            hashes(case), b64decode(case["root"] or ""),
        )  # fmt: skip
        if found != case["wantErr"]:
            differing.add(name)
    assert differing == NO_BYTES
