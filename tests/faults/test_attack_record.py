"""Attacks on what a record is said to prove: by an operator with the node's key, a party, a witness."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest

from openline.app.evidence_page import print_report
from openline.codec.agreements import read_agreement
from openline.codec.envelope import AGREEMENT_TYPE, NOTICE_TYPE, from_base64, read_own_envelope, to_base64
from openline.codec.times import read_instant
from openline.core.errors import BadUse
from openline.core.event import AgreementLoaded, RootsEnrolled, WitnessNamed
from openline.core.evidence import EvidenceBundle, OpenedEntry
from openline.core.key_documents import RootSet
from openline.core.time import DAY_MS
from openline.keys.dsse import sign_envelope
from openline.keys.signing import Signer
from openline.ledger.absence import Verdict, WitnessedSize, signed_by, verify_absence
from openline.ledger.cosignature import append_signatures, cosign
from openline.ledger.leaf import ChannelTags, LeafClass, decode_leaf
from openline.ledger.note import parse_note
from openline.ledger.proof_file import ProofFile, format_proof_file, parse_proof_file
from openline.ledger.receipt import ReceiptSigner
from openline.ledger.told import told_body
from openline.ledger.tree import leaf_hash
from openline.node.absence import gather_absence
from openline.node.bundle_examination import Pins
from openline.node.journal import Told
from openline.node.line import Line
from openline.node.recovery import event_of
from openline.node.terms import Heard, Terms
from openline.record.findings import Claim, Finding, Standing
from tests.bundles import EXCLUSIVE, FLIGHTS, BundleTown, bundle_of, examined, pins_of
from tests.cosigning import MONITOR, cosign_all, cosigning, name_of, watched, witness_key, witness_signer
from tests.exclusive import CHANNELS, PARTIES, checkpoint_of, exclusive_town, flight, text
from tests.forging import Forged
from tests.key_town import KeyTown
from tests.key_town import name_of as id_of
from tests.parties import NOON_MS, NORTH, SOUTH, Town, on_ground, presence, signer_of

replace = msgspec.structs.replace
DEEP = b"[" * 20_000 + b"]" * 20_000
"""Nested deeper than any program reads, and well below a body's size."""


def witnessed_of(findings: tuple[Finding, ...]) -> Finding:
    (found,) = (finding for finding in findings if finding.claim is Claim.WITNESSED)
    return found


def loaded(contents: bytes, *signers: Signer) -> AgreementLoaded:
    """The event of an agreement with these signatures, and whatever else they are of."""
    agreement = read_agreement(contents)
    signed = to_base64(sign_envelope(contents, AGREEMENT_TYPE, [(id_of(key), key) for key in signers]))
    return AgreementLoaded(at_ms=NOON_MS, id=agreement.id, version=agreement.version, envelope=signed)


def record(town: Town, *outputs: Any) -> list[int]:  # noqa: ANN401 - what a party told, or an event
    """Record something past all rules, as the operator can; gives the entries."""
    staged = town.line.journal.stage(outputs)
    town.store.append(staged.records, staged.checkpoint)
    town.line.checkpoint, town.line.committed = staged.checkpoint, town.line.journal.tree.size
    for one, output in zip(staged.records, outputs, strict=True):
        if isinstance(output, Told):
            town.line.state.take_told(output.party, output.at_ms)
        town.line.state.size = one.index + 1
    return [one.index for one in staged.records]


def with_keys(bundle: EvidenceBundle, line: Line, *indexes: int) -> EvidenceBundle:
    """The bundle with these entries among its keys, which an operator can put in as it likes."""
    proofs, more = dict(bundle.proofs), []
    for index in indexes:
        one = line.record(index)
        assert one is not None
        more.append(OpenedEntry(index=index, leaf=one.leaf, body=one.body, salt=line.salt(index)))
        proofs[index] = format_proof_file(
            ProofFile(index=index, hashes=tuple(line.proof(index)), checkpoint=bundle.checkpoint)
        )
    keys = sorted((*bundle.keys, *more), key=lambda entry: entry.index)
    return replace(bundle, keys=tuple(keys), proofs=proofs)


def cosigned_by(bundle: EvidenceBundle, *witnesses: str) -> EvidenceBundle:
    """The bundle whose last checkpoint carries the cosignatures of these, whoever they are."""
    contents = parse_note(bundle.checkpoint).text
    lines = [cosign(contents, name_of(one), witness_signer(one), NOON_MS // 1000) for one in witnesses]
    note = append_signatures(bundle.checkpoint, lines)
    proofs = {
        index: format_proof_file(replace(parse_proof_file(proof), checkpoint=note))
        if parse_proof_file(proof).checkpoint == bundle.checkpoint
        else proof
        for index, proof in bundle.proofs.items()
    }
    return replace(bundle, checkpoint=note, proofs=proofs)


# Phantoms: parties and witnesses whom the operator has made up


def phantom(town: Town) -> list[int]:
    """A later version of the agreement's id, signed by parties that nobody knows, asking for a witness of theirs."""
    parties = ("GHOST", "SHADE")
    roots = {party: signer_of(party, "root") for party in parties}
    contents = watched(1, ("GHOST",)).replace(b"version = 1", b"version = 7")
    for party, ghost in zip((NORTH, SOUTH), parties, strict=True):
        contents = contents.replace(f'code = "{party}"'.encode(), f'code = "{ghost}"'.encode())
    enrolled = [
        RootsEnrolled(at_ms=NOON_MS, party=party, keys=(to_base64(key.public_key),), threshold=1)
        for party, key in roots.items()
    ]
    return record(town, *enrolled, loaded(contents, *roots.values()))


def test_witnesses_of_an_agreement_that_the_teller_never_signed_count_for_nothing() -> None:
    town = BundleTown()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    entries = phantom(town)
    bundle = cosigned_by(with_keys(bundle_of(town.line, SOUTH), town.line, *entries), "GHOST")
    (subject,) = (s for s in examined(bundle, pins_of(town.line)).subjects if s.kind == "notice")
    assert subject.findings[0].standing is Standing.PROVEN
    assert witnessed_of(subject.findings).standing is Standing.NOT_PROVEN


def test_silence_is_not_witnessed_by_witnesses_of_others() -> None:
    town = BundleTown(more=EXCLUSIVE)
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    entries = phantom(town)
    bundle = bundle_of(town.line, SOUTH, absences=(FLIGHTS,))
    shown = cosigned_by(with_keys(bundle, town.line, *entries), "GHOST")
    (silence,) = examined(shown, pins_of(town.line)).silences
    assert silence.standing is Standing.NO_RECORD


# Silence that is broken by what lies beside it


def test_no_silence_is_claimed_over_a_notice_that_the_same_bundle_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    town = BundleTown(more=EXCLUSIVE)
    monkeypatch.setattr(type(town.line.state.channels), "of", lambda *_: "")
    index = town.tell(NORTH, flight(), "the-flight").index
    monkeypatch.undo()
    cosign_all(town, NORTH, SOUTH, MONITOR)
    bundle = bundle_of(town.line, NORTH, absences=(FLIGHTS,))
    found = examined(bundle, pins_of(town.line))
    assert [s.id for s in found.subjects if s.kind == "notice"] == ["the-flight"]
    assert not [
        s for s in found.silences if s.start <= index < s.end and s.by_kind["air_activity"] is not Standing.RECORD
    ]
    assert any("the channel" in fault.reason for fault in found.faults)


def test_silence_towards_a_party_is_claimed_only_while_it_was_a_receiver() -> None:
    town = exclusive_town()
    town.wait(DAY_MS)
    wider = CHANNELS.replace('to = ["SOUTH"]', 'to = ["SOUTH", "EAST"]')
    town.load(text(wider, version=2))
    first = town.line.state.channels.chains[FLIGHTS].epochs[0].index
    given = gather_absence(town.line, party=NORTH, channel=FLIGHTS, start=first, end=town.line.committed)
    roots = signed_by({party: RootSet(keys=(signer_of(party).public_key,)) for party in PARTIES})
    head = checkpoint_of(town)
    found = verify_absence(given, head, terms=roots, witnessed=[WitnessedSize(size=head.size, at_ms=NOON_MS)])
    assert found.verdict is Verdict.COMPLETE
    assert found.receivers == (SOUTH,)


# Roots that do not suffice


def test_an_agreement_with_fewer_roots_than_a_party_asks_for_proves_nothing() -> None:
    town = Town()
    for party in (NORTH, SOUTH):
        keys = tuple(to_base64(KeyTown.root(party, number).public_key) for number in range(3))
        town.administer([RootsEnrolled(at_ms=NOON_MS, party=party, keys=keys, threshold=2)])
    contents = watched().replace(b"version = 1", b"version = 2")
    (index,) = record(town, loaded(contents, *(KeyTown.root(party) for party in (NORTH, SOUTH))))
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    bundle = cosigned_by(with_keys(bundle_of(town.line, SOUTH), town.line, index), NORTH, MONITOR)
    roots = {p: tuple(KeyTown.root(p, n).public_key for n in range(3)) for p in (NORTH, SOUTH)}
    found = examined(bundle, Pins(node_key=town.secrets.signer.public_key, roots=roots))
    (subject,) = (s for s in found.subjects if s.kind == "notice")
    assert found.case.witnessing["town"].is_reached
    assert witnessed_of(subject.findings).standing is Standing.LINES_WORD


def test_a_root_that_was_replaced_signs_no_agreement_any_more() -> None:
    town = BundleTown()
    town.replace_roots([KeyTown.root(SOUTH, 1)], [KeyTown.root(SOUTH), KeyTown.root(SOUTH, 1)], party=SOUTH)
    town.tell(NORTH, presence(on_ground(NOON_MS)), "the-presence")
    held = [
        Heard(
            index=one.index,
            body=one.body,
            event=None if decode_leaf(one.leaf).leaf_class is LeafClass.TOLD else event_of(one.body),
        )
        for one in bundle_of(town.line, NORTH).keys
    ]
    terms = Terms(held, pins_of(town.line).roots)
    forged = watched().replace(b"version = 1", b"version = 9")
    with pytest.raises(ValueError, match="has not signed it"):
        terms.read_signed(from_base64(loaded(forged, KeyTown.root(NORTH), KeyTown.root(SOUTH)).envelope))
    present = loaded(forged, KeyTown.root(NORTH), KeyTown.root(SOUTH, 1))
    assert terms.read_signed(from_base64(present.envelope)).version == 9
    known = next(one.event for one in held if isinstance(one.event, AgreementLoaded))
    assert terms.read_signed(from_base64(known.envelope)).version == 1


# Crashes


def test_a_hundred_witnesses_leave_room_for_the_node_s_own_signature() -> None:
    names = [f"W{number:03}" for number in range(100)]
    with pytest.raises(BadUse):
        read_agreement(watched(2, names))
    town = Town(watched(2, names[:99]))
    town.administer([WitnessNamed(at_ms=NOON_MS, party=name, key=witness_key(name)) for name in names])
    index = town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence").index
    town.line.commit([cosigning(town, name) for name in names], town.now_ms)
    shown = parse_proof_file(town.line.proof_file(index)).checkpoint
    assert len(parse_note(shown).signatures) == 100
    assert bundle_of(town.line, SOUTH).witnessed


def test_what_is_nested_beyond_all_reading_is_a_fault_and_no_crash() -> None:
    town = BundleTown()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    bundle = bundle_of(town.line, SOUTH)
    (index,) = record(town, Told(at_ms=NOON_MS, party=SOUTH, raw=b'{"more":' + DEEP + b"}"))
    deep = with_keys(bundle_of_head(bundle, town), town.line, index)
    found = examined(deep, pins_of(town.line))
    assert index in [fault.entry for fault in found.faults]


def bundle_of_head(bundle: EvidenceBundle, town: Town) -> EvidenceBundle:
    """The bundle, its proofs leading to the head that the ledger has now."""
    line = town.line
    proofs = {
        index: format_proof_file(ProofFile(index=index, hashes=tuple(line.proof(index)), checkpoint=line.checkpoint))
        for index in bundle.proofs
    }
    return replace(bundle, checkpoint=line.checkpoint, proofs=proofs)


def test_a_notice_nested_beyond_all_reading_is_no_silence_and_no_crash() -> None:
    town = exclusive_town()
    opening = town.line.state.channels.chains[FLIGHTS].epochs[0].index
    secret = gather_absence(town.line, party=NORTH, channel=FLIGHTS, start=opening, end=opening + 1).secrets[0]
    forged = Forged(town)
    forged.records = forged.records[: opening + 1]
    envelope = sign_envelope(b'{"more":' + DEEP + b"}", NOTICE_TYPE, [(id_of(signer_of(NORTH)), signer_of(NORTH))])
    entry = forged.add(LeafClass.TOLD, told_body(envelope, NOON_MS), ChannelTags(secret), 2)
    given = forged.proof(first=opening, secrets=[secret], opened=[opening, entry])
    roots = signed_by({party: RootSet(keys=(signer_of(party).public_key,)) for party in PARTIES})
    found = verify_absence(given, forged.checkpoint(), terms=roots)
    assert not found.is_sound


# Receipts that do not fit what is shown


def promised(town: Town, index: int, leaf: bytes, body: bytes, **changes: Any) -> str:  # noqa: ANN401 - fields of a receipt
    """A receipt that the operator signs for this entry, but for the changes."""
    told_at, _, raw = body.partition(b"\n")
    usual: dict[str, Any] = {
        "index": index,
        "leaf_hash": leaf_hash(leaf),
        "digest": sha256(read_own_envelope(raw)[1]).digest(),
        "recorded_ms": read_instant(told_at.decode().removeprefix("recorded_at "), path=""),
        "within_ms": 60_000,
        "is_witnessed": True,
    }
    return ReceiptSigner(town.line.origin, town.secrets.signer).sign(**(usual | changes))


@pytest.mark.parametrize("changes", [{"recorded_ms": NOON_MS - DAY_MS}, {"digest": bytes(32)}])
def test_a_receipt_and_the_entry_that_it_is_for_tell_the_same(changes: dict[str, Any]) -> None:
    town = BundleTown()
    index = town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence").index
    bundle = bundle_of(town.line, SOUTH)
    (entry,) = (one for one in bundle.opened if one.index == index)
    honest = examined(replace(bundle, receipts={index: promised(town, index, entry.leaf, entry.body)}))
    assert not honest.faults
    assert honest.promised
    found = examined(replace(bundle, receipts={index: promised(town, index, entry.leaf, entry.body, **changes)}))
    assert [fault.entry for fault in found.faults] == [index]
    assert not found.promised


def test_a_receipt_breaks_a_silence_over_which_something_else_stands_in_its_place() -> None:
    town = BundleTown(more=EXCLUSIVE)
    index = town.tell(NORTH, flight(), "the-flight").index
    one = town.line.record(index)
    assert one is not None
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    cosign_all(town, NORTH, SOUTH, MONITOR)
    bundle = bundle_of(town.line, SOUTH, absences=(FLIGHTS,))
    assert index not in [entry.index for entry in bundle.opened]
    assert not examined(replace(bundle, receipts={index: promised(town, index, one.leaf, one.body)})).faults
    other = promised(town, index, one.leaf, one.body, leaf_hash=bytes(32))
    found = examined(replace(bundle, receipts={index: other}))
    assert [fault.entry for fault in found.faults] == [index]


# The page that people read


def test_no_name_in_a_bundle_writes_a_line_of_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    town = BundleTown()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    bundle = bundle_of(town.line, SOUTH)
    line = "Notice of-my-own (air_activity) of NORTH"
    named = replace(bundle, manifest=replace(bundle.manifest, inquiry=f"the board.\n{line}\n  told: proven"))
    print_report(examined(named, pins_of(town.line)), "en")
    said = capsys.readouterr().out.splitlines()
    assert not [one for one in said if one.startswith(line)]
    assert len([one for one in said if one.startswith("  told: proven")]) == 1, "of the presence, and of nothing else"
