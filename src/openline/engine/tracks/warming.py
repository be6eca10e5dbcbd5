"""Compiling everything before the first request."""

from __future__ import annotations

import numpy as np

from openline.engine.columns import LINE, Columns
from openline.engine.compiling import HAS_COMPILER
from openline.engine.tracks.crossings import find_crossings
from openline.engine.tracks.motion import advanced
from openline.engine.tracks.outlines import prepare_outlines
from openline.engine.tracks.pairs import find_pairs
from openline.engine.tracks.reports import Tracks


def warm() -> None:
    """Compile every kernel of the live tracks, or fetch it from the cache, by one tiny search of each kind.

    Takes seconds the first time on a machine. Does nothing where there is no compiler.
    """
    if not HAS_COMPILER:
        return
    none, two = np.zeros(2), np.zeros(2, np.int64)
    tracks = Tracks(none, none, none, none, none, none, two, none, none, none, none)
    one, single = np.zeros(1), np.zeros(1, np.int64)
    circle = Columns(
        number=single,
        standing=single,
        package=single,
        start_ms=single,
        end_ms=single + 1,
        lower_m=one,
        upper_m=one,
        box_deg=np.zeros((1, 4)),
        radius_m=one,
        vertices=single + 1,
        lat_deg=one,
        lng_deg=one,
        mark=np.full(1, LINE, np.int8),
    )
    advanced(tracks, at_ms=0, compiled=True)
    find_pairs(tracks, now_ms=0, look_ahead_s=1.0, lateral_m=1.0, vertical_m=1.0, compiled=True)
    outlines = prepare_outlines(circle)
    find_crossings(tracks, outlines, now_ms=0, look_ahead_s=1.0, lateral_m=1.0, vertical_m=1.0, compiled=True)
