"""The values of what a bundle shows: words that hold, claims on them, and how far each claim is carried.

The words of the field are kept apart: what was *told*, what a machine has *received*, what a person has *acknowledged*,
what was *disseminated* to those who act.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from openline.core.declaration import Declaration
from openline.core.event import (
    Event,
)
from openline.core.notice import Acknowledgement, Notice

Word = Notice | Acknowledgement | Declaration | Event

LINE = "line"
"""Who told what no party signed."""
OTHER_SIDE = "other side"
"""Who acknowledged, where the line does not name it."""


class Claim(StrEnum):
    """What can be claimed of a notice or an alert."""

    TOLD = "told"
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    DISSEMINATED = "disseminated"
    WITNESSED = "witnessed"


class Standing(StrEnum):
    """How far a claim is carried by the bundle."""

    PROVEN = "proven"
    """By the signature of the one whose word it is."""
    LINES_WORD = "on the line's word"
    """The node recorded and signed it, and nobody else."""
    NOT_PROVEN = "not proven"
    RECORD = "record"
    """Of what is asked whether it is there: it is."""
    NO_RECORD_COMPLETE = "no record, complete"
    """It is not in the ledger, and a proof of absence shows that."""
    NO_RECORD = "no record, not provable"
    """It is not in the bundle; whether it is in the ledger cannot be seen."""


class Ground(StrEnum):
    """Why a key counts as that of the party whose word it signed."""

    ROOT_GIVEN = "root given by the reader"
    ROOT_SHOWN = "root taken from the bundle"
    OPERATOR = "operator's word"
    NODE = "node's key"


class Why(StrEnum):
    """Why a claim does not stand, or not on more than the line's word."""

    NONE = ""
    OPERATORS_KEY = "operators_key"
    OPERATORS_POLICY = "operators_policy"
    AGREEMENT_UNKNOWN = "agreement_unknown"
    NO_PROOF_OF_ABSENCE = "no_proof_of_absence"
    NO_SUCH_ATTESTATION = "no_such_attestation"
    NO_POLICY = "no_policy"
    AGREEMENT_NOT_SHOWN = "agreement_not_shown"
    NO_QUORUM = "no_quorum"
    AFTER_THE_WITNESSED = "after_the_witnessed"


class Said(Struct, frozen=True, kw_only=True):
    """An entry that was held against leaf, tree and signature."""

    index: int
    at_ms: int
    party: str
    """Whose word it is; empty for the node's."""
    role: str = ""
    ground: Ground
    is_agreed: bool = True
    """False when the agreement that it names is not seen to bind its party."""
    word: Word


class Witnessing(Struct, frozen=True, kw_only=True):
    """What cosignatures show under one agreement."""

    agreement: str
    version: int
    quorum: int
    """Parties whose witness must have cosigned; 0 when the agreement asks for none."""
    size: int
    """Entries below it are covered by the cosignatures."""
    parties: tuple[str, ...]
    at_ms: int
    """The latest time of a cosignature, by the witness's own clock; 0 without any."""
    ground: Ground
    """What it rests on that the agreement's parties agreed to these witnesses."""
    signatories: frozenset[str]
    """Parties of the agreement: for nobody else do its witnesses speak."""

    @property
    def is_reached(self) -> bool:
        """True when as many parties' witnesses cosigned as the agreement asks for."""
        return 0 < self.quorum <= len(set(self.parties))


class Case(Struct, frozen=True, kw_only=True):
    """All that counts, in the order of the ledger."""

    party: str
    said: tuple[Said, ...]
    witnessing: dict[str, Witnessing]
    """By agreement; only agreements that are shown."""


class Finding(Struct, frozen=True, kw_only=True):
    """One claim, and how far it is carried."""

    claim: Claim
    standing: Standing
    by: str = ""
    """Whose act it is."""
    role: str = ""
    entry: int | None = None
    """The entry that shows it."""
    at_ms: int = 0
    precedence: str = ""
    why: Why = Why.NONE
    ground: Ground | None = None
    witnesses: tuple[str, ...] = ()
    """Parties whose witnesses cosigned."""
    quorum: int = 0


class Subject(Struct, frozen=True, kw_only=True):
    """A notice, a declaration or an alert, with all that can be said of it."""

    kind: str
    """`notice`, `declaration` or `alert`."""
    id: str
    type: str
    """The kind of notice or declaration, or the reason of the alert; empty when the alert itself is not shown."""
    party: str
    """Who told it, or whom the alert is for."""
    entry: int
    at_ms: int
    agreement: str = ""
    agreement_version: int = 0
    about: str = ""
    """The notice that an alert is about, or the entry that a declaration opens."""
    reference: str = ""
    precedence: str = ""
    """The highest that the alert rose to within the bundle."""
    is_closed: bool = False
    is_disclosed: bool = False
    """True when it is another party's, opened to the party of the bundle."""
    flags: tuple[str, ...] = ()
    findings: tuple[Finding, ...]


class Promised(Struct, frozen=True, kw_only=True):
    """A receipt that the node signed, and that speaks of the entry shown if one is shown."""

    entry: int
    recorded_ms: int
    deadline_ms: int
    is_witnessed: bool
    """True when witnesses were promised by the deadline, false for a checkpoint alone."""
    is_shown: bool
    """False when the entry is not in the bundle: the receipt alone says that it was taken."""


class Silence(Struct, frozen=True, kw_only=True):
    """What a proof of absence shows of an exclusive channel, entries [start, end)."""

    channel: str
    start: int
    end: int
    sender: str
    receivers: tuple[str, ...]
    standing: Standing
    """Of anything at all on the channel."""
    by_kind: dict[str, Standing]
    """Of each kind of notice."""
    said: tuple[str, ...]
    """The same in words, with what is not proven."""
    from_ms: int | None
    until_ms: int | None
    """Whatever witnesses had seen by the second and not by the first time lies in the range."""
