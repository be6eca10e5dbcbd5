"""Nothing opens but by its own disclosure: over random histories, who may read what follows from a list of acts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openline.core.errors import OpenlineError
from openline.core.event import Event
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.node.journal import Told
from openline.node.line import Line
from openline.node.replay import replay
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, agreement, in_air, on_ground, presence

EAST = "EAST"
PARTIES = (NORTH, SOUTH, EAST)

parties = st.sampled_from(PARTIES)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("fly"), parties, st.integers(0, 3)),
        st.tuples(st.just("stay"), parties, st.integers(0, 3)),
        st.tuples(st.just("disclose"), parties, st.tuples(st.integers(0, 40), st.sampled_from([*PARTIES, "WEST", ""]))),
        st.tuples(st.just("wait"), parties, st.integers(1, 90)),
    ),
    min_size=4,
    max_size=16,
)


@given(acts)
def test_a_party_may_read_what_it_told_what_it_was_told_and_what_was_disclosed_to_it(
    history: list[tuple[str, str, object]],
) -> None:
    town = Town(agreement("town", [NORTH, SOUTH]), agreement("coast", [SOUTH, EAST]), parties=PARTIES)
    opened: set[tuple[str, int]] = set()
    for kind, party, detail in history:
        if kind == "fly":
            town.tell(party, activity(in_air(NOON_MS + 2 * HOUR_MS, east_m=700.0 * int(str(detail)))))
        elif kind == "stay":
            town.tell(party, presence(on_ground(town.now_ms, east_m=700.0 * int(str(detail)))))
        elif kind == "wait":
            town.wait(int(str(detail)) * MINUTE_MS)
        else:
            assert isinstance(detail, tuple)
            entry, to = detail
            _disclose(town, party, entry, to, opened)
    owners = {index: _owner(output) for index, output in town.heard}
    for party in PARTIES:
        expected = {index for index, owner in owners.items() if owner == party} | {i for p, i in opened if p == party}
        assert {index for index in range(town.line.committed) if town.line.state.may_read(party, index)} == expected
    later = Line(town.store, town.secrets, ORIGIN)
    later.open()
    assert (
        later.state.entries.disclosed
        == town.line.state.entries.disclosed
        == replay(town.store, town.secrets, ORIGIN).entries.disclosed
    )


def _disclose(town: Town, party: str, entry: int, to: str, opened: set[tuple[str, int]]) -> None:
    size = town.line.committed
    reader = {"to": to} if to else {"inquiry": "a court"}
    try:
        town.declare(party, {"type": "disclosure", "entry": entry, **reader})
    except OpenlineError:
        assert town.line.committed == size
        return
    owners = {index: _owner(output) for index, output in town.heard}
    assert owners[entry] == party
    assert {party, to} in ({NORTH, SOUTH}, {SOUTH, EAST}, {party, ""})
    if to:
        opened.add((to, entry))


def _owner(output: object) -> str:
    if isinstance(output, Told):
        return output.party
    return output.to if isinstance(output, Event) else ""
