"""A small story with everything that a bundle can show, its bundles, and what a report claims."""

from __future__ import annotations

import msgspec

from openline.adapters.http.evidence import source_of
from openline.codec.agreements import read_agreement
from openline.codec.envelope import AGREEMENT_TYPE, read_own_envelope, to_base64
from openline.core.event import AgreementLoaded, WitnessNamed
from openline.core.evidence import EvidenceBundle, Span
from openline.core.time import HOUR_MS
from openline.keys.dsse import sign_envelope
from openline.node.batch import Delivery
from openline.node.bundle_examination import Examination, Pins, examine
from openline.node.evidence import Asked, gather
from openline.node.holdings import of_state
from openline.node.line import Line
from openline.node.silence import stretches_of, written
from openline.record.findings import Standing
from tests.cosigning import MONITOR, cosign_all, watched, witness_key
from tests.key_town import KeyTown, name_of
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, in_air, on_ground, presence

INQUIRY = "the board of inquiry"
FLIGHTS = "exclusive/town/flights"
"""What the north tells of its flights goes over no other line."""
EXCLUSIVE = """
[[exclusive_channels]]
id = "flights"
from = "NORTH"
to = ["SOUTH"]
kinds = ["air_activity"]
"""
Claim = tuple[str, str, str, str, str, str, int | None, int, str]
_CARRIED = (Standing.PROVEN, Standing.LINES_WORD, Standing.NO_RECORD_COMPLETE)


class BundleTown(KeyTown):
    """A town whose roots sign the agreements and vouch for the officers, and whose witnesses cosign."""

    def __init__(self, quorum: int | None = 2, *, more: str = "") -> None:
        """With the usual agreement, which asks for the witnesses of so many parties, and `more` tables in it."""
        super().__init__(watched(quorum) + more.encode())
        named = [WitnessNamed(at_ms=self.now_ms, party=p, key=witness_key(p)) for p in (NORTH, SOUTH, MONITOR)]
        self.administer(named)
        self.issuers = {party: self.issue(party, f"issuer of {party}") for party in (NORTH, SOUTH)}
        for party, issuer in self.issuers.items():
            self.appoint(issuer, party, label=f"officer of {party}")

    def load(self, text: bytes) -> None:
        signers = [(name_of(self.root(party)), self.root(party)) for party in self.pens]
        signed = to_base64(sign_envelope(text, AGREEMENT_TYPE, signers))
        agreement = read_agreement(text)
        event = AgreementLoaded(at_ms=self.now_ms, id=agreement.id, version=agreement.version, envelope=signed)
        self.administer([event])


def story(town: Town | None = None) -> Town:
    """A presence, an activity too near, both machines take their alerts, the south reads its own and discloses."""
    told = town or BundleTown()
    presence_receipt = told.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
    activity_receipt = told.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)), "the-activity")
    for party in (NORTH, SOUTH):
        feed = tuple(told.line.state.entries.feeds[party])
        told.line.commit([Delivery(party=party, entries=feed, channel="feed")], told.now_ms)
    told.wait(60_000)
    told.acknowledge(told.alert(SOUTH))
    told.tell(NORTH, presence(on_ground(NOON_MS, north_m=50_000.0)), "far-away")
    told.declare(NORTH, {"type": "disclosure", "entry": activity_receipt.index, "to": SOUTH}, "to-the-south")
    cosign_all(told, NORTH, MONITOR)
    told.declare(SOUTH, {"type": "disclosure", "entry": presence_receipt.index, "inquiry": INQUIRY}, "to-the-board")
    return told


def bundle_of(
    line: Line, party: str, span: Span | None = None, *, inquiry: str = "", absences: tuple[str, ...] = ()
) -> EvidenceBundle:
    """The bundle of a party, as the node would put it together."""
    source = source_of(line, is_drill=line.origin.startswith("drill."))
    holdings, span = of_state(line.state, party), span or Span()
    bundle = gather(source, holdings, Asked(party=party, span=span, inquiry=inquiry))
    stretches = stretches_of(line.state, source, party, absences, span, holdings.witnessed)
    return msgspec.structs.replace(bundle, absences=written(stretches, source))


def pins_of(line: Line) -> Pins:
    """What a careful reader of a town's bundle has got otherwise."""
    roots = {party: (KeyTown.root(party).public_key,) for party in (NORTH, SOUTH)}
    return Pins(node_key=line.secrets.signer.public_key, roots=roots)


def claims_of(found: Examination) -> dict[Claim, Standing]:
    """Every claim that is carried, without its standing, and how far it is carried."""
    silent: dict[Claim, Standing] = {
        ("absence", one.channel, one.sender, kind, "", "", one.start, one.end, ""): standing
        for one in found.silences
        for kind, standing in one.by_kind.items()
        if standing in _CARRIED
    }
    return silent | {
        (
            subject.kind,
            subject.id,
            subject.party,
            finding.claim.value,
            finding.by,
            finding.role,
            finding.entry,
            finding.at_ms,
            finding.precedence,
        ): finding.standing
        for subject in found.subjects
        for finding in subject.findings
        if finding.standing in _CARRIED
    }


def says_more(found: Examination, than: Examination) -> list[Claim]:
    """What the one claims and the other does not, or not so early, or not on so much.

    That a machine received or a person read something may be shown by several entries; a later one says less.
    """
    known = claims_of(than)
    return [
        claim
        for claim, standing in claims_of(found).items()
        if not any(_covers(other, known[other], claim, standing) for other in known)
    ]


def _covers(known: Claim, known_standing: Standing, claim: Claim, standing: Standing) -> bool:
    is_same = known == claim
    if claim[3] in {"received", "acknowledged"}:
        is_same = (*known[:6], known[8]) == (*claim[:6], claim[8]) and known[7] <= claim[7]
    return is_same and (standing is known_standing or known_standing is Standing.PROVEN)


def examined(bundle: EvidenceBundle, pins: Pins | None = None) -> Examination:
    """What a reader finds."""
    return examine(bundle, pins or Pins())


def payload_of(body: bytes) -> bytes:
    """What was signed, of a body of whatever kind."""
    raw = body.partition(b"\n")[2] if body.startswith(b"recorded_at ") else body
    return read_own_envelope(raw)[1]
