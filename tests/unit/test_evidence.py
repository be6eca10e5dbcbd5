"""What is gathered into a bundle, how it is written, and what is said of it."""

from __future__ import annotations

import io
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openline.adapters.bundle_file import archive, pack, read_bundle, unpack
from openline.app.evidence_page import print_report
from openline.app.evidence_report import to_document
from openline.codec.bundles import to_members
from openline.core.errors import BadUse, OpenlineError
from openline.core.event import Delivered, KeyEnrolled
from openline.core.evidence import Span
from openline.core.notice import Kind
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.ledger.absence_proof import read_absence, write_absence
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.proof_file import verify_proof_file
from openline.node import evidence
from openline.node import silence as silence_room
from openline.node.bundle_examination import Examination, Pins
from openline.node.holdings import of_records, of_state, teller_of
from openline.node.recovery import event_of
from openline.record.findings import Claim, Finding, Ground, Standing, Subject, Why
from openline.record.wording import claim_words, sentence, standing_words
from tests.bundles import (
    EXCLUSIVE,
    FLIGHTS,
    INQUIRY,
    BundleTown,
    bundle_of,
    claims_of,
    examined,
    payload_of,
    pins_of,
    story,
)
from tests.cosigning import MONITOR, cosign_all
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence


@pytest.fixture(scope="module")
def town() -> Town:
    return story()


def test_a_declaration_about_no_entry_is_not_said_to_be_about_one(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    found = examined(bundle_of(town.line, SOUTH))
    sighting = Subject(kind="declaration", id="s-1", party=SOUTH, type="sighting", entry=9, at_ms=NOON_MS, findings=())
    print_report(msgspec.structs.replace(found, subjects=(sighting,)), "en")
    assert f"Declaration s-1 (sighting) of {SOUTH}\n" in capsys.readouterr().out


@pytest.mark.parametrize("party", [NORTH, SOUTH, "NOBODY"])
def test_the_state_and_the_records_know_the_same_entries_of_a_party(town: Town, party: str) -> None:
    known, read = of_state(town.line.state, party), of_records(town.store.read(), party)
    for name in known.__struct_fields__:
        one, other = getattr(known, name), getattr(read, name)
        assert (one == other) if isinstance(one, int | dict) else (list(one) == list(other)), name
    assert bool(known.told) is (party != "NOBODY")


@pytest.mark.parametrize("party", [NORTH, SOUTH])
def test_a_bundle_holds_all_that_its_party_has_part_in_and_what_was_disclosed_to_it(town: Town, party: str) -> None:
    bundle, state = bundle_of(town.line, party), town.line.state
    told = [entry for entry in bundle.keys if decode_leaf(entry.leaf).leaf_class is LeafClass.TOLD]
    shown = {entry.index for entry in bundle.opened} | {e.index for e in told if teller_of(e.body) == party}
    taken = {index for index, event in town.heard if isinstance(event, Delivered) and event.party == party}
    for index in range(town.line.committed):
        own = state.has_part_in(party, index) or index in state.entries.disclosed.get(party, ()) or index in taken
        assert (index in shown) is own, index


def test_keys_of_those_whose_word_is_not_shown_stay_out(town: Town) -> None:
    def keys_in(party: str) -> set[str]:
        found = set()
        for entry in bundle_of(town.line, party).keys:
            if decode_leaf(entry.leaf).leaf_class is LeafClass.TOLD:
                found.add(teller_of(entry.body))
            elif isinstance(event := event_of(entry.body), KeyEnrolled):
                found.add(event.party)
        return found

    assert keys_in(NORTH) == {NORTH}
    assert keys_in(SOUTH) == {NORTH, SOUTH}, "what the north told was disclosed to the south"


def test_everything_in_a_bundle_verifies_and_each_claim_is_as_high_as_its_signature(town: Town) -> None:
    found = examined(bundle_of(town.line, SOUTH), pins_of(town.line))
    assert not found.faults
    assert not found.remarks
    standing = {(kind, claim, by): how for (kind, _, _, claim, by, *_), how in claims_of(found).items()}
    assert standing == {
        ("notice", "told", SOUTH): Standing.PROVEN,
        ("notice", "told", NORTH): Standing.PROVEN,
        ("notice", "witnessed", ""): Standing.PROVEN,
        ("alert", "witnessed", ""): Standing.PROVEN,
        ("alert", "told", "line"): Standing.PROVEN,
        ("alert", "received", SOUTH): Standing.LINES_WORD,
        ("alert", "acknowledged", SOUTH): Standing.PROVEN,
        ("declaration", "told", SOUTH): Standing.PROVEN,
    }


def test_who_vouches_for_a_key_decides_how_high_a_claim_stands(town: Town) -> None:
    bundle = bundle_of(town.line, SOUTH)
    told = examined(bundle).subjects[0].findings[0]
    assert (told.standing, told.ground) == (Standing.PROVEN, Ground.ROOT_SHOWN)
    assert [(one.what, one.party, one.is_given) for one in examined(bundle).trust] == [
        ("node", "", False),
        ("root", NORTH, False),
        ("root", SOUTH, False),
    ]
    operators = story(Town())
    found = examined(bundle_of(operators.line, SOUTH), Pins(node_key=operators.secrets.signer.public_key))
    assert {how for (_, _, _, claim, *_), how in claims_of(found).items() if claim == "told"} == {
        Standing.LINES_WORD,
        Standing.PROVEN,
    }, "only what the line itself has told is proven"
    assert found.rootless == (NORTH, SOUTH)


def test_an_entry_is_witnessed_when_enough_parties_witnesses_cosigned_a_checkpoint_above_it(town: Town) -> None:
    found = examined(bundle_of(town.line, SOUTH), pins_of(town.line))
    seen = found.case.witnessing["town"]
    assert (seen.quorum, seen.parties, seen.is_reached) == (2, (MONITOR, NORTH), True)
    alone = story(BundleTown(quorum=3))
    lonely = examined(bundle_of(alone.line, SOUTH), pins_of(alone.line))
    assert not lonely.faults
    assert {s.findings[-1].why for s in lonely.subjects if s.kind == "notice"} == {Why.NO_QUORUM}
    later = town.tell(NORTH, presence(on_ground(NOON_MS, north_m=70_000.0)), "after-the-witnesses")
    (subject,) = [s for s in examined(bundle_of(town.line, NORTH)).subjects if s.entry == later.index]
    assert subject.findings[-1].why is Why.AFTER_THE_WITNESSED


def test_what_is_another_partys_is_marked_as_disclosed(town: Town) -> None:
    found = examined(bundle_of(town.line, SOUTH))
    assert [s.id for s in found.subjects if s.is_disclosed] == ["the-activity"]


def test_an_inquiry_is_shown_what_was_disclosed_to_it_and_nothing_else(town: Town) -> None:
    found = examined(bundle_of(town.line, SOUTH, inquiry=INQUIRY))
    assert [(s.kind, s.id) for s in found.subjects] == [("notice", "the-presence"), ("declaration", "to-the-board")]
    assert not found.faults
    assert bundle_of(town.line, SOUTH, inquiry="another board").opened == ()
    assert bundle_of(town.line, NORTH, inquiry=INQUIRY).opened == ()


def test_a_range_is_half_open_by_index_and_by_time(town: Town) -> None:
    whole = [entry.index for entry in bundle_of(town.line, NORTH).opened]
    by_index = bundle_of(town.line, NORTH, Span(first=whole[1], end=whole[3]))
    assert [entry.index for entry in by_index.opened] == whole[1:3]
    later = bundle_of(town.line, NORTH, Span(since_ms=NOON_MS + MINUTE_MS))
    earlier = bundle_of(town.line, NORTH, Span(until_ms=NOON_MS + MINUTE_MS))
    assert [entry.index for entry in (*earlier.opened, *later.opened)] == whole
    assert earlier.manifest.to_index == later.manifest.from_index
    assert later.manifest.since == "2026-03-01T12:01:00Z"
    assert not examined(later).faults


def test_a_range_that_holds_too_much_is_refused_with_what_to_do(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "SHOWN_MAX", 3)
    with pytest.raises(OpenlineError, match="3 are the most") as caught:
        bundle_of(town.line, NORTH)
    assert caught.value.code == "LIMIT_EXCEEDED"
    monkeypatch.setattr(evidence, "BODIES_MAX_BYTES", 100)
    with pytest.raises(OpenlineError, match="more than 100 bytes"):
        bundle_of(town.line, NORTH, Span(end=6))


def test_a_bundle_is_read_back_as_written_and_written_alike_twice(town: Town) -> None:
    bundle = bundle_of(town.line, SOUTH)
    assert unpack(pack(bundle)) == bundle
    assert pack(bundle_of(town.line, SOUTH)) == pack(bundle)


def test_other_programs_read_the_archive_and_check_its_proofs(town: Town) -> None:
    bundle = bundle_of(town.line, SOUTH)
    bundle = msgspec.structs.replace(bundle, receipts={3: "a receipt\n"}, absences=(b"{}",))
    with zipfile.ZipFile(io.BytesIO(pack(bundle))) as read:
        assert read.testzip() is None
        assert {info.compress_type for info in read.infolist()} == {zipfile.ZIP_STORED}
        assert [(i.filename, read.read(i)) for i in read.infolist()] == to_members(bundle)
        log = NoteVerifier(ORIGIN, town.secrets.signer.public_key)
        for entry in bundle.opened:
            text = read.read(f"proofs/{entry.index}.tlog-proof").decode()
            head = verify_proof_file(text, entry.leaf, log)
            assert head.size in {town.line.state.witnessed("town"), town.line.committed}


def test_a_drill_cannot_be_passed_off_as_real(town: Town) -> None:
    bundle = bundle_of(town.line, SOUTH)
    assert examined(bundle).is_drill
    real = msgspec.structs.replace(bundle.manifest, drill=False)
    found = examined(msgspec.structs.replace(bundle, manifest=real))
    assert not found.is_drill, "this town's origin is none of a replayed drill, and its ledger says nothing of one"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"openline-evidence/1", b"openline-evidence/2"),
        (b'"from_index":0', b'"from_index":-1'),
        (b'"party":"SOUTH"', b'"party":"south"'),
        (b'"drill":true', b'"drill":1'),
        (b'"drill":true', b'"drill": true'),
        (b'"drill":true', b'"drill":true,"drill":true'),
        (b'"drill":true', b'"drill":true,"more":1'),
        (b'"to_index"', b'"up_to"'),
    ],
)
def test_a_manifest_is_read_in_its_one_form_only(town: Town, old: bytes, new: bytes) -> None:
    members = to_members(bundle_of(town.line, SOUTH))
    assert old in members[0][1]
    members[0] = (members[0][0], members[0][1].replace(old, new))
    with pytest.raises(BadUse) as caught:
        unpack(archive(members))
    assert caught.value.code == "BUNDLE_MALFORMED"


def test_a_file_that_is_not_there_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(BadUse) as caught:
        read_bundle(tmp_path / "none")
    assert caught.value.code == "FILE_UNREADABLE"


@pytest.mark.parametrize(("claim", "standing"), list(product(Claim, Standing)))
def test_every_finding_has_words_in_both_languages(claim: Claim, standing: Standing) -> None:
    for why, entry, by in product(Why, (None, 7), ("line", "SOUTH", "other side")):
        finding = Finding(claim=claim, standing=standing, why=why, entry=entry, by=by, precedence="FLASH")
        if claim is (Claim.TOLD if entry is None else Claim.DISSEMINATED):
            continue  # what was not told is no subject, and nobody can attest dissemination yet
        said = [sentence(finding, language) for language in ("en", "fr")]
        assert all(said)
        assert said[0] != said[1]
        assert not any("{" in text for text in said)
    assert claim_words(claim, "en") == claim.value
    assert standing_words(standing, "en") == standing.value
    assert standing_words(standing, "fr")


def test_a_receipt_is_held_against_the_entry_that_it_speaks_of(town: Town) -> None:
    bundle = bundle_of(town.line, SOUTH)
    index = next(subject.entry for subject in examined(bundle).subjects if subject.id == "the-presence")
    note = next(receipt.signed for _, receipt in town.receipts if receipt.index == index)
    other = next(receipt.signed for _, receipt in town.receipts if receipt.index != index)
    kept = examined(msgspec.structs.replace(bundle, receipts={index: note}))
    assert not kept.faults
    assert [(one.entry, one.is_shown) for one in kept.promised] == [(index, True)]
    gone = msgspec.structs.replace(bundle, opened=(), proofs={e.index: bundle.proofs[e.index] for e in bundle.keys})
    dropped = examined(msgspec.structs.replace(gone, receipts={index: note}))
    assert [(one.entry, one.is_shown) for one in dropped.promised] == [(index, False)], "it shows what is left out"
    for wrong in (other, "nonsense", note.replace("openline/receipt/v1", "openline/receipt/v2")):
        found = examined(msgspec.structs.replace(bundle, receipts={index: wrong}))
        assert [fault.entry for fault in found.faults] == [index]
        assert not found.promised


def silent_town(*, is_witnessed: bool = True) -> BundleTown:
    """The north tells nothing of a flight, the south tells something, and witnesses look on."""
    town = BundleTown(more=EXCLUSIVE)
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    if is_witnessed:
        cosign_all(town, NORTH, MONITOR)
    return town


def standing_of(found: Examination, kind: Kind = Kind.AIR_ACTIVITY) -> Standing:
    (silence,) = found.silences
    return silence.by_kind[kind.value]


def test_silence_on_an_exclusive_channel_is_proven_by_the_bundle_alone() -> None:
    town = silent_town()
    bundle = unpack(pack(bundle_of(town.line, SOUTH, absences=(FLIGHTS,))))
    found = examined(bundle, pins_of(town.line))
    assert not found.faults
    assert standing_of(found) is Standing.NO_RECORD_COMPLETE
    (silence,) = to_document(found)["absences"]
    assert silence["text"][0].startswith("No record, complete: NORTH told nothing on exclusive/town/flights")
    assert standing_of(examined(bundle)) is Standing.NO_RECORD_COMPLETE, "under roots that the bundle brought along"


def test_silence_is_not_provable_without_witnesses_roots_or_what_lies_between() -> None:
    town = silent_town(is_witnessed=False)
    alone = examined(bundle_of(town.line, SOUTH, absences=(FLIGHTS,)), pins_of(town.line))
    assert (standing_of(alone), alone.faults) == (Standing.NO_RECORD, ())
    town = silent_town()
    bundle = bundle_of(town.line, SOUTH, absences=(FLIGHTS,))
    unsigned = tuple(e for e in bundle.keys if b"roots_enrolled" not in payload_of(e.body))
    proofs = {i: p for i, p in bundle.proofs.items() if i in {e.index for e in (*unsigned, *bundle.opened)}}
    rootless = examined(msgspec.structs.replace(bundle, keys=unsigned, proofs=proofs))
    assert standing_of(rootless) is Standing.NO_RECORD
    assert rootless.silences[0].said[0].startswith("No root of NORTH is known")
    town = BundleTown(more=EXCLUSIVE)
    town.tell(NORTH, activity(in_air(NOON_MS + 90 * HOUR_MS)), "the-flight")
    cosign_all(town, NORTH, MONITOR)
    of_south = examined(bundle_of(town.line, SOUTH, absences=(FLIGHTS,)), pins_of(town.line))
    assert (standing_of(of_south), of_south.faults) == (Standing.NO_RECORD, ()), "the south cannot open it"
    of_north = examined(bundle_of(town.line, NORTH, absences=(FLIGHTS,)), pins_of(town.line))
    assert standing_of(of_north) is Standing.RECORD
    assert standing_of(of_north, Kind.ZONE) is Standing.NO_RECORD, "the channel carries no zones"


def test_a_proof_of_absence_that_was_changed_is_a_fault_and_shows_nothing() -> None:
    town = silent_town()
    bundle = bundle_of(town.line, SOUTH, absences=(FLIGHTS,))
    (raw,) = bundle.absences
    proof = read_absence(raw)
    changes: list[dict[str, Any]] = [
        {"end": proof.end - 1, "leaves": proof.leaves[:-58]},
        {"start": proof.start + 1, "size": proof.size + 1},
        {"opened": (*proof.opened[:-1], msgspec.structs.replace(proof.opened[-1], salt=bytes(32)))},
        {"leaves": bytes(58) + proof.leaves[58:]},
    ]
    for change in changes:
        changed = write_absence(msgspec.structs.replace(proof, **change))
        found = examined(msgspec.structs.replace(bundle, absences=(changed,)), pins_of(town.line))
        assert not found.silences
        assert "a proof of absence does not hold" in found.faults[0].reason
    for other in (raw + b" ", b"{}", raw.replace(b'"start"', b'"began"')):
        found = examined(msgspec.structs.replace(bundle, absences=(other,)), pins_of(town.line))
        assert not found.silences
        assert found.faults
    nothing = examined(msgspec.structs.replace(bundle, checkpoint="nonsense"), pins_of(town.line))
    assert not nothing.silences


def test_a_channel_that_is_none_of_the_partys_and_too_much_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    town = silent_town()
    with pytest.raises(OpenlineError) as caught:
        bundle_of(town.line, SOUTH, absences=("exclusive/town/nothing",))
    assert caught.value.code == "NOT_FOUND"
    monkeypatch.setattr(silence_room, "LEAVES_MAX", 2)
    with pytest.raises(OpenlineError) as caught:
        bundle_of(town.line, SOUTH, absences=(FLIGHTS,))
    assert caught.value.code == "LIMIT_EXCEEDED"
    with pytest.raises(OpenlineError) as caught:
        bundle_of(town.line, SOUTH, absences=(FLIGHTS,) * 11)
    assert caught.value.code == "LIMIT_EXCEEDED"
