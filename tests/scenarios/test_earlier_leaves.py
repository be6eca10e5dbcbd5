"""A ledger whose leaves are of version 1, with serials in the open, still verifies, replays and goes on."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

from openline.adapters.memory import MemoryStore
from openline.app.scenario.loading import load_scenario
from openline.app.scenario.running import Replay
from openline.codec.envelope import to_base64
from openline.core.event import KeyEnrolled
from openline.ledger.leaf import LEAF_VERSION, OPEN_SERIALS, decode_leaf
from openline.node.line import Line
from openline.node.recovery import Progress
from openline.node.replay import replay

AL_BAB = Path(__file__).parents[2] / "scenarios" / "al-bab-2017.toml"
ROOT_THEN = b64decode("gfv3twiW5QG04+H0X3ZE9GHurmecHw8+FgcW0ctpLkk=")
"""Of this scenario's ledger, branch `ignored`, as the last version with open serials wrote it."""

LATER_MS = 2_000_000_000_000


def test_a_ledger_of_then_is_still_what_it_was() -> None:
    store = MemoryStore()
    written = Replay(load_scenario(AL_BAB, branch="ignored"), store)
    opening = written.line.open

    def open_as_then(progress: Progress | None = None) -> None:
        opening(progress)
        written.line.journal.leaf_version = OPEN_SERIALS

    written.line.open = open_as_then  # type: ignore[method-assign]
    list(written.run())
    assert {decode_leaf(record.leaf).version for record in store.records} == {OPEN_SERIALS}
    assert written.line.journal.tree.root() == ROOT_THEN

    replay(store, written.drill.secrets(), written.drill.origin)
    later = Line(store, written.drill.secrets(), written.drill.origin)
    later.open()
    key = to_base64(written.drill.signer("TR", "watch_supervisor").public_key)
    later.administer(LATER_MS, [KeyEnrolled(at_ms=LATER_MS, party="TR", role="watch_supervisor", key=key)])
    assert decode_leaf(store.records[-1].leaf).version == LEAF_VERSION
    replay(store, written.drill.secrets(), written.drill.origin)
    Line(store, written.drill.secrets(), written.drill.origin).open()
