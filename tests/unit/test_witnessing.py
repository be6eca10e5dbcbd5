"""What a witness is asked and how it decides, status by status."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from openline.ledger.note import NoteVerifier
from openline.ledger.tree import EMPTY_ROOT
from openline.ledger.witnessing import (
    Asked,
    Declined,
    Head,
    Request,
    format_request,
    judge,
    open_request,
    parse_request,
)
from tests.growing_log import ORIGIN, Log

# The example of C2SP tlog-witness, as far as its first lines go.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501 - as published
LOG = Log(20)
LOGS = {ORIGIN: [LOG.verifier]}


def ask(request: Request, kept: Head) -> Asked:
    """What a witness makes of a request after `kept`."""
    asked = open_request(parse_request(format_request(request)), LOGS)
    judge(asked, kept)
    return asked


def declined(request: Request, kept: Head) -> Declined:
    with pytest.raises(Declined) as caught:
        ask(request, kept)
    return caught.value


def head(size: int, log: Log = LOG) -> Head:
    return Head(size, log.tree.root(size))


def test_the_example_of_the_specification_is_read_and_written() -> None:
    request = parse_request(EXAMPLE.encode())
    assert (request.old_size, len(request.proof)) == (20_852_014, 4)
    assert format_request(request) == EXAMPLE.encode()


@pytest.mark.parametrize("old", range(21))
def test_whatever_continues_is_cosigned(old: int) -> None:
    asked = ask(LOG.request(old), head(old) if old else Head())
    assert asked.checkpoint == LOG.checkpoint()


def test_the_first_checkpoint_is_taken_as_it_is() -> None:
    assert ask(LOG.request(0, 7), Head()).checkpoint.size == 7
    assert ask(Log().request(0, 0), Head()).checkpoint.root == EMPTY_ROOT


@pytest.mark.parametrize("kept", [0, 1, 7, 9, 20])
def test_another_old_size_is_a_conflict_that_tells_the_size(kept: int) -> None:
    answer = declined(LOG.request(8), head(kept) if kept else Head())
    assert (answer.status, answer.size) == (409, kept)


def test_a_smaller_size_is_never_cosigned() -> None:
    assert declined(LOG.request(8, 9), head(12)).status == 409
    assert declined(replace(LOG.request(8, 9), old_size=12), head(12)).status == 400


def test_another_root_at_the_same_size_is_a_conflict_and_evidence() -> None:
    fork = LOG.fork(4, 12)
    for request in (fork.request(12), fork.request(0), fork.request(4)):
        answer = declined(request, head(12))
        assert (answer.status, answer.size, answer.is_evidence) == (409, 12, True)
    assert not declined(LOG.request(0, 12), head(12)).is_evidence


def test_a_fork_proves_nothing() -> None:
    fork = LOG.fork(4, 16)
    answer = declined(fork.request(12), head(12))
    assert (answer.status, answer.is_evidence) == (422, True)


@pytest.mark.parametrize("old", [0, 1, 8, 9, 20])
def test_a_wrong_proof_is_unproven(old: int) -> None:
    good = LOG.request(old)
    for proof in (good.proof[:-1], (*good.proof, bytes(32)), tuple(reversed(good.proof)), (bytes(32),) * 3):
        if proof != good.proof:
            assert declined(replace(good, proof=proof), head(old) if old else Head()).status == 422


def test_logs_that_are_unknown_or_have_not_signed() -> None:
    assert declined(Log(3, origin="log.example/other").request(0), Head()).status == 404
    assert declined(Log(3, seed=bytes([1] * 32)).request(0), Head()).status == 403
    request = LOG.request(0)
    assert declined(replace(request, note=request.note.replace("\n20\n", "\n21\n")), Head()).status == 403


def test_a_log_may_have_several_keys() -> None:
    other = NoteVerifier("another name", Log(seed=bytes([2] * 32)).signer.public_key)
    open_request(LOG.request(0), {ORIGIN: [other, LOG.verifier]})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0",
        b"old 0\n",
        b"old 0\n\n",
        b"\xff",
        *(
            LOG.body(0).replace(b"old 0", old)
            for old in (b"old", b"old ", b"old 00", b"old 01", b"old -1", b"old x", b"Old 0")
        ),
        LOG.body(0).replace(b"old 0", b"old 99999999999999999999"),
        LOG.body(0).replace(b"old 0", b"old 0\r"),
        LOG.body(7).replace(b"=\n", b"\n", 1),
        LOG.body(0).replace(b"old 0\n", b"old 0\nAAAA\n"),
        b"old 1\n" + b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 64 + b"\n" + LOG.note().encode(),
        LOG.body(0) + b"\n",
        LOG.body(0).replace(b"\n20\n", b"\n020\n"),
    ],
)
def test_malformed_requests(body: bytes) -> None:
    with pytest.raises(Declined) as caught:
        parse_request(body)
    assert caught.value.status == 400


def test_a_request_that_cannot_be_written() -> None:
    for request in (replace(LOG.request(0), old_size=-1), replace(LOG.request(0), proof=(bytes(32),) * 64)):
        with pytest.raises(ValueError, match="63"):
            format_request(request)
