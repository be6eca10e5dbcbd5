"""Several engines answer the same kind of question, in blocks that take turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bench.engine_parts.clock import Spent, Times, spent, timed, undisturbed
from bench.engine_parts.ours import Ours
from bench.engine_parts.peers import Peer
from bench.engine_parts.postgis import PostGis


class Runner(NamedTuple):
    """An engine that can be asked one block of questions after another."""

    name: str
    block: Callable[[int], Times]


class Pace(NamedTuple):
    """How much is measured."""

    rounds: int
    ours: int
    """Questions of a block for us."""
    peers: int
    """For each peer, which is so much slower; all blocks are of the same distribution."""

    @property
    def questions(self) -> int:
        """So many that no question comes twice; the last block is for warming up."""
        return (self.rounds + 1) * self.ours

    @property
    def peer_questions(self) -> int:
        """As many as a peer is asked."""
        return (self.rounds + 1) * self.peers


def our_runner(ours: Ours, pace: Pace, overhead: int, name: str = "ours") -> Runner:
    """Our search, called as from any Python."""
    calls = [(slot, ours.row) for slot in ours.slots.tolist()]

    def block(number: int) -> Times:
        return timed(ours.search.query, calls[number * pace.ours : (number + 1) * pace.ours], overhead)

    return Runner(name, block)


def peer_runner(peer: Peer | PostGis, pace: Pace, overhead: int) -> Runner:
    """A peer."""

    def block(number: int) -> Times:
        asked = range(number * pace.peers, (number + 1) * pace.peers)
        if isinstance(peer, PostGis):
            return peer.timed(asked, overhead)
        return timed(peer.query, [(question,) for question in asked], overhead)

    return Runner(peer.name, block)


def contest(runners: Sequence[Runner], pace: Pace) -> dict[str, Spent]:
    """What each runner took a question; each begins as many rounds as any other, as nearly as can be."""
    blocks = blocks_of(runners, pace)
    return {runner.name: spent(blocks[runner.name]) for runner in runners}


def blocks_of(runners: Sequence[Runner], pace: Pace) -> dict[str, list[Times]]:
    """The times of each runner, block by block."""
    for runner in runners:
        runner.block(pace.rounds)
    blocks: dict[str, list[Times]] = {runner.name: [] for runner in runners}
    with undisturbed():
        for number in range(pace.rounds):
            first = number % len(runners)
            for runner in (*runners[first:], *runners[:first]):
                blocks[runner.name].append(runner.block(number))
    return blocks


def differences(one: Ours, other: Peer | PostGis, count: int) -> list[int]:
    """The questions among the first `count` to which the two answer differently."""
    return [
        question
        for question in range(count)
        if not np.array_equal(np.sort(one.query(question)), np.unique(other.query(question)))
    ]
