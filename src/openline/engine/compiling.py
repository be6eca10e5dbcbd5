"""The compiler, where there is one.

Numba compiles a kernel at its first call for each signature and keeps the machine code beside the source or in the
user's cache, so the cost is paid once. Where numba has no build, `HAS_COMPILER` is false and the plain paths are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

try:
    import numba
except ImportError:
    HAS_COMPILER = False
else:
    HAS_COMPILER = True


def kernel(function: _Kernel) -> _Kernel:
    """Compile a function of numbers and arrays; unchanged where there is no compiler.

    No fast-math: the same operations in the same order on every machine.
    """
    if TYPE_CHECKING or not HAS_COMPILER:
        return function
    return cast("_Kernel", numba.njit(cache=True, error_model="numpy", nogil=True)(function))


def inlined(function: _Kernel) -> _Kernel:
    """A kernel that is written into whatever calls it."""
    if TYPE_CHECKING or not HAS_COMPILER:
        return function
    return cast("_Kernel", numba.njit(cache=True, error_model="numpy", nogil=True, inline="always")(function))
