"""What a witness signs, and what it never does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accompany.errors import DoesNotHold, Malformed, Unknown
from accompany.evidence.checkpoints import Checkpoint, Policy, parse_checkpoint
from accompany.evidence.cosigning import (
    AddCheckpoint,
    BadProof,
    Conflict,
    Contradiction,
    Head,
    cosign,
    cosigned_at,
    judge,
    read_lines,
    with_cosignatures,
    witness_key,
)
from accompany.evidence.merkle import consistency_proof, grown, leaf_hash, root
from accompany.evidence.notes import Note, Signer
from accompany.ids import Origin

LOG = Signer.from_seed("log.example.org", bytes(range(32)))
WITNESS = Signer.from_seed("witness.example.net/w1", bytes(32))
KEY = witness_key(WITNESS.name, WITNESS.verifier.key)
LOGS = {LOG.name: LOG.verifier}


class Tree:
    """A tree of given leaves, with its nodes."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        for number, leaf in enumerate(leaves):
            for level, at, value in grown(number, leaf_hash(leaf), self.node):
                self.nodes[level, at] = value

    def node(self, level: int, number: int) -> bytes:
        return self.nodes[level, number]

    def checkpoint(self, size: int, signer: Signer = LOG) -> bytes:
        return Checkpoint(Origin(signer.name), size, root(size, self.node)).sign(signer)

    def head(self, size: int) -> Head:
        return Head(size, root(size, self.node))

    def request(self, old: int, new: int) -> AddCheckpoint:
        proof = consistency_proof(old, new, self.node)
        return AddCheckpoint(old, tuple(proof), self.checkpoint(new))


TREE = Tree([b"%d" % number for number in range(300)])
FORK = Tree([b"%d" % number for number in range(100)] + [b"other %d" % n for n in range(200)])

sizes = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(sorted)


@given(sizes)
def test_what_continues_the_tree_is_kept(pair: list[int]) -> None:
    old, new = pair
    request = AddCheckpoint.parse(bytes(TREE.request(old, new)))
    assert request == TREE.request(old, new)
    assert judge(request, LOGS, TREE.head(old)).size == new


@given(st.integers(101, 300), st.integers(101, 300))
def test_a_fork_is_never_cosigned(kept: int, shown: int) -> None:
    """After one branch, nothing of the other, whatever old size and proof come with it."""
    old = min(kept, shown)
    with pytest.raises((Conflict, Contradiction, BadProof)) as raised:
        judge(FORK.request(old, shown), LOGS, TREE.head(kept))
    assert raised.type is (
        Conflict if shown < kept else Contradiction if shown == kept else BadProof
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 300), st.integers(0, 300)), max_size=20))
@settings(max_examples=60)
def test_whatever_comes_the_heads_cosigned_are_one_growing_tree(requests) -> None:
    head, seen = Head(), [Head()]
    for fork, old, new in requests:
        tree = FORK if fork else TREE
        try:
            kept = judge(tree.request(min(old, new), max(old, new)), LOGS, head)
        except (Conflict, Contradiction, BadProof):
            continue
        head = Head(kept.size, kept.root)
        seen.append(head)
    assert seen == sorted(seen, key=lambda one: one.size)
    assert any(all(one == tree.head(one.size) for one in seen) for tree in (TREE, FORK))


def test_each_refusal_has_its_kind() -> None:
    known = TREE.request(0, 5)
    with pytest.raises(Unknown):
        judge(known, {}, Head())
    forged = TREE.checkpoint(5, Signer.generate(LOG.name))
    with pytest.raises(DoesNotHold) as raised:
        judge(AddCheckpoint(0, (), forged), LOGS, Head())
    assert not isinstance(raised.value, BadProof)
    with pytest.raises(Malformed):
        judge(AddCheckpoint(6, (), TREE.checkpoint(5)), LOGS, TREE.head(6))
    with pytest.raises(Conflict, match="7 entries"):
        judge(TREE.request(5, 9), LOGS, TREE.head(7))
    with pytest.raises(BadProof):
        judge(AddCheckpoint(5, (), TREE.checkpoint(9)), LOGS, TREE.head(5))
    with pytest.raises(BadProof):
        judge(AddCheckpoint(0, (bytes(32),), TREE.checkpoint(9)), LOGS, Head())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 00\n\nlog\n0\n",
        b"old -1\n\nlog",
        b"new 0\n\nlog",
        b"old 0\nxyz\n\nlog",
        b"old 0\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64 + b"\nlog",
        "old 0\né\n\nlog".encode(),
    ],
)
def test_other_bodies_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        AddCheckpoint.parse(body)


def test_the_specs_own_example_reads() -> None:
    """The request body printed in c2sp.org/tlog-witness, but for its signatures."""
    body = (
        b"old 20852014\n"
        b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        b"jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        b"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
        b"/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
        b"\nexample.com/behind-the-sofa\n20852163\n"
        b"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        + "— example.com/behind-the-sofa ".encode()
        + b"Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xe"
        b"McTOAYQ8=\n"
    )
    request = AddCheckpoint.parse(body)
    assert (request.old, len(request.proof)) == (20852014, 4)
    assert parse_checkpoint(request.checkpoint)[0].size == 20852163
    assert bytes(request) == body


@given(st.integers(0, 2**63 - 1))
def test_a_cosignature_holds_at_its_time_alone(seconds: int) -> None:
    note = TREE.checkpoint(7)
    text = Note.parse(note).text
    (line,) = read_lines(cosign(WITNESS, text, seconds).encode(), text)
    assert cosigned_at(text, line, KEY) == seconds
    assert cosigned_at(TREE.checkpoint(8).decode().partition("\n\n")[0] + "\n", line, KEY) is None
    policy = Policy.parse(f"log {LOG.verifier}\nwitness w {KEY}\nquorum w\n".encode())
    whole = with_cosignatures(note, [line], [KEY])
    assert whole == note + cosign(WITNESS, text, seconds).encode()
    assert policy.quorum_holds(Note.parse(whole))
    assert not policy.quorum_holds(Note.parse(note))


def test_the_newest_line_of_a_witness_stands_and_strangers_none() -> None:
    note = TREE.checkpoint(7)
    text = Note.parse(note).text
    other = Signer.generate("other.example.net")
    lines = [
        line
        for signer, seconds in ((WITNESS, 20), (WITNESS, 10), (other, 30))
        for line in read_lines(cosign(signer, text, seconds).encode(), text)
    ]
    whole = with_cosignatures(note, lines, [KEY])
    assert whole == note + cosign(WITNESS, text, 20).encode()
    assert with_cosignatures(whole, lines[1:], [KEY]) == whole
    bent = cosign(WITNESS, text + "x\n", 40).encode()
    assert with_cosignatures(whole, read_lines(bent, text), [KEY]) == whole
