"""Inputs, and the commit that they make together."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from openline.core.errors import OpenlineError
from openline.core.event import Event
from openline.intake.key_opening import OpenedKeyDocument
from openline.intake.opening import OpenedAcknowledgement, OpenedDeclaration, OpenedNotice
from openline.node.journal import Journal, Output, Staged
from openline.node.state import State
from openline.node.step import Accepted, Step
from openline.node.witnesses import Cosigning, Suspicion


class Tick(Struct, frozen=True):
    """Time has passed."""


class Delivery(Struct, frozen=True, kw_only=True):
    """A party's machine took these entries of its feed."""

    party: str
    entries: tuple[int, ...]
    channel: str


class Administration(Struct, frozen=True, kw_only=True):
    """What the operator changed."""

    events: tuple[Event, ...]


class ClockJump(Struct, frozen=True, kw_only=True):
    """Observed: the clock shows `clock_ms`, and `expected_ms` was to be expected."""

    clock_ms: int
    expected_ms: int


class Turn(Struct, frozen=True, kw_only=True):
    """An exclusive channel's epoch ends. Made by a replay: where a notice arrives, its own step sees to it."""

    agreement: str
    channel: str


Told = OpenedNotice | OpenedAcknowledgement | OpenedDeclaration | OpenedKeyDocument
"""What a party has signed."""
Input = Told | Tick | Delivery | Administration | ClockJump | Cosigning | Suspicion | Turn
Outcome = Accepted | OpenlineError


class Batch(Struct, frozen=True, kw_only=True):
    """One commit in the making and what becomes of each input once it is on disk."""

    at_ms: int
    outcomes: tuple[Outcome, ...]
    outputs: tuple[Output, ...]
    staged: Staged | None
    """None when nothing is to be recorded."""


def process(state: State, journal: Journal, inputs: Sequence[Input], at_ms: int) -> Batch:
    """Step through `inputs` in their order. State and journal are ahead of the disk until the store has the batch."""
    outcomes: list[Outcome] = []
    outputs: list[Output] = []
    for given in inputs:
        step = Step(state, at_ms, lambda size: _root_at(journal, size), journal.origin)
        try:
            outcome = _step(step, given)
        except OpenlineError as refusal:
            if step.outputs:
                raise
            outcomes.append(refusal)
            continue
        outcomes.append(outcome)
        outputs += outcome.outputs
    staged = journal.stage(outputs) if outputs else None
    return Batch(at_ms=at_ms, outcomes=tuple(outcomes), outputs=tuple(outputs), staged=staged)


def _step(step: Step, given: Input) -> Accepted:  # noqa: PLR0911 - one way for each kind of input
    match given:
        case Tick():
            return step.tick()
        case Delivery():
            return step.delivery(party=given.party, entries=given.entries, channel=given.channel)
        case ClockJump():
            return step.clock_jump(clock_ms=given.clock_ms, expected_ms=given.expected_ms)
        case Administration():
            return step.administration(given.events)
        case Cosigning() | Suspicion():
            return step.of_witness(given)
        case Turn():
            return step.turn(given.agreement, given.channel)
        case _:
            return _told(step, given)


def _told(step: Step, given: Told) -> Accepted:
    match given:
        case OpenedNotice():
            return step.notice(given)
        case OpenedAcknowledgement():
            return step.acknowledgement(given)
        case OpenedDeclaration():
            return step.declaration(given)
        case OpenedKeyDocument():
            return step.key_document(given)


def _root_at(journal: Journal, size: int) -> bytes:
    return journal.tree.root(size) if 0 <= size <= journal.tree.size else b""
