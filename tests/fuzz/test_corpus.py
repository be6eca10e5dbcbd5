"""What the search for bad bytes began with and what it has found, tried again with plain Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.all_targets import TARGETS
from tests.fuzz.keeping import worth_keeping
from tests.fuzz.mutation import mutated
from tests.fuzz.seeds import seeds_of
from tests.samples import counts

CORPUS = Path(__file__).parent / "corpus"
MOST_BYTES = 1_500_000


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_parser_was_tried_with_lets_only_documented_errors_out(target: str) -> None:
    for data in seeds_of(target):
        TARGETS[target](data)
    for path in sorted((CORPUS / target).glob("*")):
        TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_good_is_taken_unless_nothing_can_be(target: str) -> None:
    assert any(map(TARGETS[target], seeds_of(target))) is (target != "authentication")


@pytest.mark.parametrize("target", TARGETS)
def test_changes_that_keep_the_form_let_only_documented_errors_out(target: str) -> None:
    seeds = seeds_of(target)
    for seed in range(counts(300, 20_000)):
        TARGETS[target](mutated(seeds[seed % len(seeds)], seed))


def test_only_what_goes_another_way_is_kept() -> None:
    good, other = b"tile/0/000", b"tile/64/000"
    reads = TARGETS["tile_path"]
    assert worth_keeping(reads, [], [good, b"tile/0/001", other]) == [good, other]
    assert worth_keeping(reads, [good, other], [b"tile/0/001"]) == []


def test_the_corpus_is_small_and_every_folder_has_its_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(TARGETS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < MOST_BYTES
