"""Pack PROJ's `egm96_15.gtx` into the grid that the package ships; run by hand, `pack_geoid.py egm96_15.gtx OUT`.

The format is described in `src/openline/geo/data/ORIGIN.md`. Same input, same output.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import numpy as np

HEADER_BYTES = 40
ROWS, COLUMNS = 721, 1440


def packed(gtx: bytes) -> bytes:
    """The packed grid; ValueError unless the file covers the whole Earth in steps of 15 minutes."""
    south, west, lat_step, lng_step = np.frombuffer(gtx[:32], ">f8")
    shape = tuple(np.frombuffer(gtx[32:HEADER_BYTES], ">i4"))
    if (south, west, lat_step, lng_step, shape) != (-90.0, -180.0, 0.25, 0.25, (ROWS, COLUMNS)):
        raise ValueError(f"not the 15-minute grid: {south} {west} {lat_step} {lng_step} {shape}")
    undulation_m = np.frombuffer(gtx[HEADER_BYTES:], ">f4").reshape(shape).astype(np.float64)
    centimetres = np.rint(undulation_m * 100).astype("<i2")
    differences = np.diff(np.diff(centimetres, axis=1, prepend=np.int16(0)), axis=0, prepend=np.int16(0))
    return zlib.compress(differences.astype("<i2").tobytes(), 9)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(packed(Path(sys.argv[1]).read_bytes()))
