"""Formulas that compiled kernels and plain numpy share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from openline.engine.compiling import HAS_COMPILER
from openline.engine.tracks.reports import Floats

Value: TypeAlias = Any
"""A number in compiled code, an array of them in numpy."""
Row: TypeAlias = Any
"""A row of numbers in compiled code, columns of them in numpy: indexed alike."""
_Formula = TypeVar("_Formula", bound=Callable[..., Any])

if HAS_COMPILER:
    from numba.extending import register_jitable


def shared(function: _Formula) -> _Formula:
    """Let kernels call a function too; it stays what it is to everyone else.

    It is written in operations that numpy and compiled code round alike (no transcendental functions, no sums of
    arrays), so both give the same to the last bit.
    """
    if not TYPE_CHECKING and HAS_COMPILER:
        register_jitable(error_model="numpy")(function)
    return function


@shared
def row_of_8(rows: Floats, i: int) -> Row:
    """Row i as numbers, which costs compiled code less than a view of it."""
    return rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3], rows[i, 4], rows[i, 5], rows[i, 6], rows[i, 7]


@shared
def row_of_13(rows: Floats, i: int) -> Row:
    """As `row_of_8`."""
    return (*row_of_8(rows, i), rows[i, 8], rows[i, 9], rows[i, 10], rows[i, 11], rows[i, 12])


@shared
def row_of_15(rows: Floats, i: int) -> Row:
    """As `row_of_8`."""
    return (*row_of_13(rows, i), rows[i, 13], rows[i, 14])
