"""Whoever tampers with an evidence bundle is refused, or found out, or at least makes it claim nothing that it did not.

The attacker has the file and may write another. The operator has the node's key as well, and may sign what he likes.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.adapters.bundle_file import FILE_MAX_BYTES, archive, pack, unpack
from openline.codec.bundles import CONSISTENCY, WITNESSED, Member, to_members
from openline.codec.envelope import EVENT_TYPE, to_base64
from openline.core.errors import BadUse
from openline.core.event import KeyEnrolled
from openline.core.evidence import EvidenceBundle, OpenedEntry
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.cosignature import line_text
from openline.ledger.leaf import Leaf, LeafClass, commitment, encode_leaf
from openline.ledger.note import NoteVerifier, format_verifier_key, parse_signature_lines
from openline.ledger.proof_file import ProofFile, format_proof_file, parse_proof_file
from openline.ledger.receipt import ReceiptSigner
from openline.node.bundle_examination import Examination, Pins
from openline.node.journal import Told
from openline.node.secrets import NodeSecrets
from openline.record.findings import Standing, Why
from tests.bundles import BundleTown, bundle_of, claims_of, examined, pins_of, says_more, story
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, on_ground, presence

TOWN = story()
BUNDLE = bundle_of(TOWN.line, SOUTH)
HONEST = examined(BUNDLE, pins_of(TOWN.line))
MEMBERS = to_members(BUNDLE)
replace = msgspec.structs.replace


def refused(raw: bytes) -> str:
    """The reason for which a file is not even read."""
    with pytest.raises(BadUse) as caught:
        unpack(raw)
    assert caught.value.code == "BUNDLE_MALFORMED"
    return caught.value.reason


def found_out(bundle: EvidenceBundle, entry: int | None, reason: str) -> Examination:
    """What is examined of a bundle in which `entry` is at fault, which claims nothing more than the honest one."""
    found = examined(bundle, pins_of(TOWN.line))
    assert (entry, True) in [(fault.entry, reason in fault.reason) for fault in found.faults], found.faults
    assert not says_more(found, HONEST)
    return found


def with_entry(bundle: EvidenceBundle, index: int, **changes: Any) -> EvidenceBundle:  # noqa: ANN401 - fields of an entry
    """The bundle with one entry shown in another way."""
    return replace(bundle, opened=tuple(replace(e, **changes) if e.index == index else e for e in bundle.opened))


def entry_of(index: int) -> OpenedEntry:
    return next(entry for entry in BUNDLE.opened if entry.index == index)


def index_of(kind: str, name: str) -> int:
    return next(s.entry for s in HONEST.subjects if (s.kind, s.id) == (kind, name))


PRESENCE = index_of("notice", "the-presence")
DELIVERY, READ = (
    next(int(c[6]) for c in claims_of(HONEST) if c[3] == claim and c[6]) for claim in ("received", "acknowledged")
)


# The file


@given(st.integers(0, len(pack(BUNDLE)) - 1), st.integers(0, 7))
def test_no_bit_of_the_file_can_be_turned(place: int, bit: int) -> None:
    raw = bytearray(pack(BUNDLE))
    raw[place] ^= 1 << bit
    assert refused(bytes(raw))


@given(st.integers(0, len(pack(BUNDLE)) - 1))
def test_a_file_that_was_cut_short_is_refused(size: int) -> None:
    assert refused(pack(BUNDLE)[:size])


@pytest.mark.parametrize("more", [b"\x00", b"PK\x05\x06" + bytes(18), pack(BUNDLE)])
def test_nothing_stands_behind_the_archive_or_before_it(more: bytes) -> None:
    assert refused(pack(BUNDLE) + more)
    assert refused(more + pack(BUNDLE))


@pytest.mark.parametrize(
    "name",
    [
        "../bundle.json",
        "/etc/passwd",
        "more",
        "proofs/../x.tlog-proof",
        "proofs/01.tlog-proof",
        "proofs/",
        "opened.JSONL",
    ],
)
def test_a_member_that_is_none_of_a_bundles_is_refused(name: str) -> None:
    assert "is no member" in refused(archive([*MEMBERS, (name, b"")]))


@pytest.mark.parametrize("number", range(len(MEMBERS)))
def test_a_member_cannot_stand_in_it_twice_nor_be_left_out_unseen(number: int) -> None:
    assert refused(archive([*MEMBERS, MEMBERS[number]]))
    rest = [*MEMBERS[:number], *MEMBERS[number + 1 :]]
    name = MEMBERS[number][0]
    reason = {WITNESSED: "to another checkpoint", CONSISTENCY: "not of one history"}.get(name, "no proof shows")
    if reason == "no proof shows" and not name.startswith("proofs/"):
        assert "is missing" in refused(archive(rest))
    else:
        found = examined(unpack(archive(rest)), pins_of(TOWN.line))
        assert reason in found.faults[0].reason
        assert not says_more(found, HONEST)


def test_members_cannot_stand_in_another_order() -> None:
    assert refused(archive(MEMBERS[::-1]))


def test_an_archive_that_unpacks_to_more_than_itself_is_refused_unread() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in MEMBERS:
            written.writestr(name, data)
        written.writestr("proofs/999.tlog-proof", bytes(100_000_000))
    assert len(bomb.getvalue()) < 1_000_000
    assert refused(bomb.getvalue())


def test_an_archive_whose_headers_promise_gigabytes_is_refused_unread() -> None:
    raw = bytearray(pack(BUNDLE))
    raw[18:26] = struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF)
    assert "cut short" in refused(bytes(raw))
    assert "are the most" in refused(bytes(FILE_MAX_BYTES + 1))


def test_a_plain_archive_of_another_program_is_refused() -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as written:
        for name, data in MEMBERS:
            written.writestr(name, data)
    assert refused(other.getvalue())


@pytest.mark.parametrize("index", [-1, 2**63, 2**70])
def test_an_index_beyond_every_ledger_is_refused(index: int) -> None:
    last = replace(BUNDLE.opened[-1], index=index)
    assert refused(pack(replace(BUNDLE, opened=(*BUNDLE.opened[:-1], last))))


def test_entries_in_another_order_or_twice_are_refused() -> None:
    assert "in the order" in refused(pack(replace(BUNDLE, opened=BUNDLE.opened[::-1])))
    assert "in the order" in refused(pack(replace(BUNDLE, opened=(*BUNDLE.opened, BUNDLE.opened[-1]))))


# What is in it


def test_a_body_swapped_under_its_leaf_is_found_out() -> None:
    other = next(entry for entry in BUNDLE.opened if entry.index != PRESENCE)
    found_out(with_entry(BUNDLE, PRESENCE, body=other.body, salt=other.salt), PRESENCE, "not the one that was recorded")
    found_out(with_entry(BUNDLE, PRESENCE, salt=bytes(32)), PRESENCE, "not the one that was recorded")
    found_out(with_entry(BUNDLE, PRESENCE, salt=b""), PRESENCE, "a salt has 32 bytes")


def test_a_body_swapped_with_its_leaf_leads_to_another_root() -> None:
    other = next(entry for entry in BUNDLE.opened if entry.index != PRESENCE)
    moved = with_entry(BUNDLE, PRESENCE, leaf=other.leaf, body=other.body, salt=other.salt)
    found_out(moved, PRESENCE, "leads to another root")


def test_a_time_of_recording_cannot_be_changed() -> None:
    entry = entry_of(PRESENCE)
    earlier = entry.body.replace(b"recorded_at 2026-03-01T12:", b"recorded_at 2026-03-01T09:")
    assert earlier != entry.body
    found_out(with_entry(BUNDLE, PRESENCE, body=earlier), PRESENCE, "not the one that was recorded")
    leaf = Leaf(
        leaf_class=LeafClass.TOLD,
        channel_tag=entry.leaf[2:18],
        serial_field=int.from_bytes(entry.leaf[18:26]),
        commitment=commitment(entry.salt, earlier),
    )
    found_out(with_entry(BUNDLE, PRESENCE, body=earlier, leaf=encode_leaf(leaf)), PRESENCE, "leads to another root")


def test_an_entry_that_is_left_out_takes_its_claim_with_it() -> None:
    for index in (PRESENCE, DELIVERY, READ):
        kept = tuple(entry for entry in BUNDLE.opened if entry.index != index)
        found = examined(replace(BUNDLE, opened=kept), pins_of(TOWN.line))
        assert (index, "it has a proof, and is not shown") in [(f.entry, f.reason) for f in found.faults]
        assert not says_more(found, HONEST)
        assert {claim[6] for claim in claims_of(found)} == {claim[6] for claim in claims_of(HONEST)} - {index} | (
            {READ + 1} if index == READ else set()
        ), "what the party signed is left out, and the line's word for it stays"


def test_without_its_key_nothing_that_was_told_counts() -> None:
    found = examined(replace(BUNDLE, keys=()), pins_of(TOWN.line))
    assert {finding.by for s in found.subjects for finding in s.findings if finding.claim == "told"} == {"line"}
    assert any("no key document or enrolment before it" in fault.reason for fault in found.faults)
    assert not says_more(found, HONEST)


def test_a_proof_of_another_entry_or_another_checkpoint_is_found_out() -> None:
    proofs = dict(BUNDLE.proofs)
    proofs[PRESENCE] = proofs[DELIVERY]
    found_out(replace(BUNDLE, proofs=proofs), PRESENCE, "its proof is that of entry")
    renamed = parse_proof_file(BUNDLE.proofs[DELIVERY])
    proofs[PRESENCE] = format_proof_file(replace(renamed, index=PRESENCE))
    found_out(replace(BUNDLE, proofs=proofs), PRESENCE, "leads to another root")
    elsewhere = ProofFile(index=PRESENCE, hashes=(), checkpoint=bundle_of(story().line, NORTH).checkpoint)
    earlier = replace(elsewhere, checkpoint=TOWN.heads[3])
    proofs[PRESENCE] = format_proof_file(earlier)
    found_out(replace(BUNDLE, proofs=proofs), PRESENCE, "another checkpoint")
    proofs[PRESENCE] = "nonsense"
    found_out(replace(BUNDLE, proofs=proofs), PRESENCE, "a proof file begins")


def test_an_earlier_checkpoint_of_another_history_is_found_out() -> None:
    other = Town()
    other.tell(NORTH, presence(on_ground(NOON_MS)), "something-else")
    found_out(replace(BUNDLE, witnessed=other.line.checkpoint), None, "not of one history")
    found_out(replace(BUNDLE, consistency=BUNDLE.consistency[:-1]), None, "not of one history")


def test_the_cosignature_of_a_known_witness_that_is_wrong_is_a_fault() -> None:
    text, _, lines = BUNDLE.witnessed.rpartition("\n\n")
    for name in ("monitor.example/w", "north.example/w"):
        kept = [line for line in lines.splitlines(keepends=True) if name not in line]
        assert len(kept) == 2
        fewer = f"{text}\n\n{''.join(kept)}"
        proofs = {index: proof.replace(BUNDLE.witnessed, fewer) for index, proof in BUNDLE.proofs.items()}
        found = examined(replace(BUNDLE, witnessed=fewer, proofs=proofs), pins_of(TOWN.line))
        assert not found.faults
        assert {s.findings[-1].why for s in found.subjects if s.kind == "notice"} == {Why.NO_QUORUM}
        assert not says_more(found, HONEST)
        (line,) = [line for line in lines.splitlines() if name in line]
        (honest,) = parse_signature_lines(line + "\n")
        forged = replace(honest, signature=bytes(8) + honest.signature[8:])
        other = f"{fewer}{line_text(forged)}"
        proofs = {index: proof.replace(BUNDLE.witnessed, other) for index, proof in BUNDLE.proofs.items()}
        found_out(replace(BUNDLE, witnessed=other, proofs=proofs), None, "a cosignature of its checkpoint")


def test_a_checkpoint_of_another_ledger_proves_nothing() -> None:
    note = sign_checkpoint(Checkpoint("drill.openline/other", 3, bytes(32)), TOWN.secrets.signer)
    found = found_out(replace(BUNDLE, checkpoint=note), None, "not one that the node's key signed")
    assert found.head is None
    assert not found.subjects


def test_a_bundle_of_another_origin_proves_nothing() -> None:
    manifest = replace(BUNDLE.manifest, origin="openline.example/real")
    assert not found_out(replace(BUNDLE, manifest=manifest), None, "and the ledger is").subjects
    key = format_verifier_key(NoteVerifier("openline.example/real", TOWN.secrets.signer.public_key))
    renamed = replace(manifest, node_key=key)
    assert not found_out(replace(BUNDLE, manifest=renamed), None, "not one that the node's key signed").subjects


# The operator


class Forger:
    """An operator who writes a ledger of his own, and the bundle that proves it."""

    def __init__(self) -> None:
        """With the node's own secrets."""
        self.town: Town = BundleTown()

    def record(self, *outputs: Any) -> None:  # noqa: ANN401 - what a party told, or an event
        """Record something past all rules."""
        staged = self.town.line.journal.stage(outputs)
        self.town.store.append(staged.records, staged.checkpoint)
        self.town.line.checkpoint = staged.checkpoint
        self.town.line.committed = self.town.line.journal.tree.size
        for record, output in zip(staged.records, outputs, strict=True):
            if isinstance(output, Told):
                self.town.line.state.take_told(output.party, output.at_ms)
            self.town.line.state.size = record.index + 1

    def examined(self, party: str = SOUTH, pins: Pins | None = None) -> Examination:
        """What a reader finds."""
        return examined(bundle_of(self.town.line, party), pins)


def test_a_ledger_that_is_signed_anew_with_another_key_is_seen_by_whoever_knows_the_key() -> None:
    town: Town = BundleTown()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    town.secrets = NodeSecrets(derive_seed(b"a forger", "node"))
    bundle = bundle_of(town.again().line, SOUTH)
    pinned = examined(bundle, pins_of(TOWN.line))
    assert [fault.reason for fault in pinned.faults] == [
        "the bundle rests on another node key than the one that you gave"
    ]
    assert not pinned.subjects
    unpinned = examined(bundle)
    assert not unpinned.faults
    assert (unpinned.trust[0].what, unpinned.trust[0].is_given) == ("node", False), "and that is said first"


def test_what_the_operator_signs_with_his_own_key_is_not_the_partys_word() -> None:
    forger = Forger()
    pen = forger.town.pens[SOUTH]
    stranger = Signer(derive_seed(b"a forger", "key"))
    pen._signers = [(key_id(stranger.public_key), stranger)]  # noqa: SLF001 - the forger holds the pen
    raw = forger.town.written(SOUTH, presence(on_ground(NOON_MS)), "never-told")
    forger.record(Told(at_ms=NOON_MS, party=SOUTH, raw=raw))
    found = forger.examined()
    assert not found.subjects
    assert "no key document or enrolment before it" in found.faults[0].reason
    key = KeyEnrolled(at_ms=NOON_MS, party=SOUTH, role="duty_officer", key=to_base64(stranger.public_key))
    forger.town.administer([key])
    forger.record(Told(at_ms=NOON_MS, party=SOUTH, raw=raw))
    (subject,) = forger.examined().subjects
    assert subject.findings[0].standing is Standing.LINES_WORD, "an operator who enrols a key has only his own word"


def test_a_notice_that_is_recorded_once_more_counts_once() -> None:
    forger = Forger()
    raw = forger.town.written(SOUTH, presence(on_ground(NOON_MS)), "told-once")
    forger.record(Told(at_ms=NOON_MS, party=SOUTH, raw=raw))
    forger.record(Told(at_ms=NOON_MS + 60_000, party=SOUTH, raw=raw))
    found = forger.examined()
    assert len(found.subjects) == 1
    assert "is a repetition" in found.faults[0].reason


def test_a_notice_from_under_another_agreement_is_not_proven_to_be_told_here() -> None:
    forger = Forger()
    raw = forger.town.written(SOUTH, presence(on_ground(NOON_MS)), "told-elsewhere", under="another-line")
    forger.record(Told(at_ms=NOON_MS, party=SOUTH, raw=raw))
    (subject,) = forger.examined(pins=pins_of(forger.town.line)).subjects
    assert subject.findings[0].standing is not Standing.PROVEN
    assert subject.findings[-1].why.value == "agreement_not_shown"


def test_an_entry_that_is_dated_back_is_remarked() -> None:
    forger = Forger()
    for name, at_ms in (("told-first", NOON_MS), ("told-then", NOON_MS - 3_600_000)):
        raw = forger.town.written(SOUTH, presence(on_ground(NOON_MS)), name)
        forger.record(Told(at_ms=at_ms, party=SOUTH, raw=raw))
    (remark,) = forger.examined().remarks
    assert "dated back" in remark


def _acknowledgement(forger: Forger, **changes: str) -> bytes:
    fields = {"alert": "someones-alert", "precedence": "FLASH", "identifier": "ack-forged"}
    pen = forger.town.pens[SOUTH]
    pen.role = changes.pop("role", pen.role)
    pen.party = changes.pop("party", pen.party)
    return pen.acknowledgement(**(fields | changes), at_ms=NOON_MS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"role": "cell_chief"}, "its key is that of duty_officer"), ({"party": NORTH}, "and its key for SOUTH")],
)
def test_a_forged_role_or_party_is_found_out(changes: dict[str, str], reason: str) -> None:
    forger = Forger()
    raw = _acknowledgement(forger, **changes)
    forger.record(Told(at_ms=NOON_MS, party=SOUTH, raw=raw))
    found = forger.examined()
    assert reason in found.faults[0].reason
    assert not found.subjects


def test_what_the_node_has_not_signed_is_not_its_word() -> None:
    forger = Forger()
    line, stranger = forger.town.line, Signer(derive_seed(b"a stranger", "key"))
    event = b'{"at":"2026-03-01T12:00:00Z","kind":"delivery","to":"","party":"SOUTH","entry":1,"channel":"feed"}'
    body = sign_envelope(event, EVENT_TYPE, [(key_id(stranger.public_key), stranger)])
    index = line.journal.tree.size
    tag, serial = line.journal.next_place("node")
    salt = line.journal.salts.of(index)
    leaf = Leaf(leaf_class=LeafClass.NODE, channel_tag=tag, serial_field=serial, commitment=commitment(salt, body))
    record = type(forger.town.store.records[0])(index, encode_leaf(leaf), body)
    line.journal.follow(record, "node")
    forger.town.store.append([record], line.journal.sign())
    line.checkpoint, line.committed = line.journal.sign(), line.journal.tree.size
    line.state.entries.deliveries.setdefault(SOUTH, line.state.entries.administered[:0]).append(index)
    assert [fault.reason for fault in forger.examined().faults] == ["the node has not signed it"]


def test_an_agreement_that_a_party_did_not_sign_is_found_out_by_its_root() -> None:
    strangers = Pins(roots={NORTH: (Signer(derive_seed(b"another root", "key")).public_key,)})
    found = examined(BUNDLE, strangers)
    assert any("not signed with a root of NORTH" in fault.reason for fault in found.faults)
    assert not says_more(found, HONEST)


def test_an_entry_that_was_changed_after_its_receipt_is_found_out() -> None:
    signer = ReceiptSigner(ORIGIN, TOWN.secrets.signer)
    given = signer.sign(
        index=PRESENCE,
        leaf_hash=bytes(32),
        digest=bytes(32),
        recorded_ms=NOON_MS,
        within_ms=60_000,
        is_witnessed=True,
    )
    found = found_out(replace(BUNDLE, receipts={PRESENCE: given}), PRESENCE, "a receipt for something else")
    assert not found.promised
    assert "a receipt for something else" in examined(replace(BUNDLE, receipts={DELIVERY: given})).faults[0].reason


# Everything else


@st.composite
def mutations(draw: st.DrawFn) -> list[Member]:
    """The members with a byte changed, moved, taken out or put in, or lines and members traded."""
    members = list(MEMBERS)
    number = draw(st.integers(0, len(members) - 1))
    name, data = members[number]
    place = draw(st.integers(0, max(len(data) - 1, 0)))
    how = draw(st.sampled_from(["flip", "cut", "double", "trade", "lines"]))
    if how == "flip" and data:
        changed = bytes([data[place] ^ (1 << draw(st.integers(0, 6)))])
        data = data[:place] + changed + data[place + 1 :]
    elif how == "cut":
        data = data[:place] + data[place + draw(st.integers(1, 200)) :]
    elif how == "double":
        data = data[:place] + data[place : place + draw(st.integers(1, 200))] + data[place:]
    elif how == "trade":
        data = members[draw(st.integers(0, len(members) - 1))][1]
    else:
        lines = data.splitlines(keepends=True)
        data = b"".join(draw(st.permutations(lines))[: draw(st.integers(0, len(lines)))])
    members[number] = (name, data)
    return members


@given(mutations())
def test_no_mutation_makes_a_bundle_say_more(members: list[Member]) -> None:
    try:
        bundle = unpack(archive(members))
    except BadUse:
        return
    found = examined(bundle, pins_of(TOWN.line))
    assert not says_more(found, HONEST)
    assert found.faults or claims_of(found) == claims_of(HONEST)
