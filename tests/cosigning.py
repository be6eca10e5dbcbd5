"""Witnesses of a town: keys, an agreement that counts them, and cosignatures made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from openline.core.event import WitnessNamed
from openline.core.time import SECOND_MS
from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.cosignature import cosign, cosigner_of, format_cosigner_key, line_text
from openline.ledger.note import parse_note
from openline.node.batch import Batch
from openline.node.witnesses import Cosigning
from tests.parties import NORTH, SOUTH, Town, agreement

MONITOR = "MONITOR"


def name_of(party: str) -> str:
    return f"{party.lower()}.example/w"


def witness_signer(party: str) -> Signer:
    return Signer(derive_seed(b"the witnesses of the town", party))


def witness_key(party: str) -> str:
    """The verifier key string of a party's witness."""
    return format_cosigner_key(cosigner_of(name_of(party), witness_signer(party)))


def watched(
    quorum: int | None = 2, parties: Sequence[str] = (NORTH, SOUTH, MONITOR), identifier: str = "town"
) -> bytes:
    """An agreement that names the witness of each of these parties."""
    tables = [f'[[witnesses]]\nparty = "{party}"\nkey = "{witness_key(party)}"' for party in parties]
    top = "" if quorum is None else f"witness_quorum = {quorum}"
    return agreement(identifier, top="\n".join([top, *tables]))


def watched_town(*agreements: bytes, parties: Sequence[str] = (NORTH, SOUTH, MONITOR)) -> Town:
    """A town whose node asks the witness of each of these parties."""
    town = Town(*(agreements or (watched(),)))
    town.administer([WitnessNamed(at_ms=town.now_ms, party=party, key=witness_key(party)) for party in parties])
    return town


def cosigning(town: Town, party: str, size: int | None = None, *, signed_ms: int | None = None) -> Cosigning:
    """What the witness of a party answers about the town's ledger at a size."""
    size = town.line.committed if size is None else size
    text = parse_note(town.line.journal.sign(size)).text
    time_s = (town.now_ms if signed_ms is None else signed_ms) // SECOND_MS
    line = line_text(cosign(text, name_of(party), witness_signer(party), time_s)).removesuffix("\n")
    return Cosigning(witness=name_of(party), size=size, line=line)


def cosign_all(town: Town, *parties: str) -> Batch:
    """All of them cosign the present checkpoint."""
    return town.line.commit([cosigning(town, party) for party in parties], town.now_ms)
