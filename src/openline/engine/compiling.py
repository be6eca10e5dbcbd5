"""The compiler, where there is one.

Numba compiles a kernel at its first call for each signature. `keep_in` says where the machine code is kept; it must be
called before the kernels are imported, or each process compiles its own. The folder must be of these very sources:
numba itself looks at the file of a kernel only, and not at those of what the kernel calls.

Where numba has no build, `HAS_COMPILER` is false and the plain paths are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

_Kernel = TypeVar("_Kernel", bound=Callable[..., Any])

try:
    import numba
except ImportError:
    HAS_COMPILER = False
else:
    HAS_COMPILER = True


def keep_in(folder: str) -> None:
    """Keep machine code in a folder, and take it from there."""
    if HAS_COMPILER:
        config: Any = numba.config
        config.CACHE_DIR = folder


def kernel(function: _Kernel) -> _Kernel:
    """Compile a function of numbers and arrays; unchanged where there is no compiler.

    No fast-math: the same operations in the same order on every machine.
    """
    if not HAS_COMPILER:
        return function
    config: Any = numba.config
    njit: Any = numba.njit
    return cast("_Kernel", njit(cache=bool(config.CACHE_DIR), error_model="numpy", nogil=True)(function))
