"""What every test can rely on: seeded samples, and counts that grow in a soak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from openline.adapters.machine_code import keep_machine_code
from tests.samples import SOAK, counts

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["counts"]

# Before any test module imports a kernel.
keep_machine_code()

# In `make test` the same samples each time, so that a change is what makes a test fail. In `make soak` new ones.
settings.register_profile("default", max_examples=30, deadline=None, derandomize=True, database=None)
settings.register_profile(
    "soak", max_examples=2_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("soak" if SOAK else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the tests marked `soak` for `make soak`."""
    if SOAK:
        return
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; runs in `make soak`"))


@pytest.fixture
def sample_count() -> Callable[[int, int], int]:
    """`sample_count(quick, full)`, for tests that draw their own samples."""
    return counts
