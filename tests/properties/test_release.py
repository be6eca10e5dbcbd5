"""What is disclosed is a function of the rounded windows: it never names the other notice, party or minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openline.core.notice import Kind
from openline.core.time import DAY_MS, MINUTE_MS, Window
from openline.release.disclosure import Side, disclose, disclose_late

KINDS = [kind for kind in Kind if kind is not Kind.WITHDRAWAL]
windows = st.builds(
    lambda start, length: Window(start_ms=start, end_ms=start + length), st.integers(0, DAY_MS), st.integers(1, DAY_MS)
)


def sides(party: str) -> st.SearchStrategy[Side]:
    return st.builds(
        Side,
        party=st.just(party),
        notice=st.just(f"notice of {party}"),
        kind=st.sampled_from(KINDS),
        whole=windows,
        touched=windows,
        guarantors=st.lists(st.sampled_from(["NORTH", "SOUTH", "UN"]), unique=True).map(tuple),
    )


@given(sides("NORTH"), sides("SOUTH"), windows)
def test_each_learns_its_own_notice_and_round_times_of_the_other(north: Side, south: Side, common: Window) -> None:
    told = disclose(north, south, common)
    assert {d.party for d in told} >= {"NORTH", "SOUTH"}
    assert len({d.party for d in told}) == len(told)
    for side in (north, south):
        (own,) = [d for d in told if d.party == side.party]
        assert own.notice == side.notice
        if own.window != side.whole:
            assert own.window.start_ms % (15 * MINUTE_MS) == own.window.end_ms % (15 * MINUTE_MS) == 0
    for disclosure in told:
        names = {north.notice, south.notice} - {f"notice of {disclosure.party}"}
        zones = {side.notice for side in (north, south) if side.kind is Kind.ZONE}
        assert disclosure.notice not in names
        assert disclosure.zone in {"", *zones}


@given(sides("NORTH"), sides("SOUTH"), windows, st.integers(0, 14), st.integers(0, 14))
def test_minutes_within_the_rounding_make_no_difference(
    north: Side, south: Side, common: Window, first: int, last: int
) -> None:
    """The other side's windows on half hours, then some minutes narrower."""
    wide = north.touched.rounded_outward(30 * MINUTE_MS)
    narrow = Window(start_ms=wide.start_ms + first * MINUTE_MS, end_ms=wide.end_ms - last * MINUTE_MS)
    views = []
    for touched in (wide, narrow):
        changed = Side(
            party="NORTH",
            notice=north.notice,
            kind=north.kind,
            whole=touched,
            touched=touched,
            guarantors=north.guarantors,
        )
        views.append([d for d in disclose(changed, south, common) if d.party != "NORTH"])
    assert views[0] == views[1]


@given(sides("NORTH"))
def test_of_a_late_notice_others_learn_half_hours(north: Side) -> None:
    own, *others = disclose_late(north, ("SOUTH", "UN"))
    assert (own.party, own.window) == ("NORTH", north.whole)
    for disclosure in others:
        assert disclosure.notice == ""
        assert disclosure.window == north.whole.rounded_outward(30 * MINUTE_MS)
