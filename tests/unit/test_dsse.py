"""DSSE envelopes, the signing half."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.keys.dsse import pae, sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer, verify

FIRST = Signer(bytes(32))
SECOND = Signer(bytes(31) + b"\x01")


def test_pae_is_that_of_the_specification() -> None:
    want = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == want


def test_pae_counts_bytes_not_characters() -> None:
    assert pae("é", "ж".encode()) == b"DSSEv1 2 \xc3\xa9 2 \xd0\xb6"
    assert pae("", b"") == b"DSSEv1 0  0 "


@given(st.tuples(st.text(), st.binary()), st.tuples(st.text(), st.binary()))
def test_pae_of_different_pairs_differs(first: tuple[str, bytes], second: tuple[str, bytes]) -> None:
    assert (pae(*first) == pae(*second)) == (first == second)


def test_envelope_bytes_are_fixed() -> None:
    assert sign_envelope(b"hello world", "text/plain", [("k", FIRST)]) == (
        b'{"payload":"aGVsbG8gd29ybGQ=","payloadType":"text/plain","signatures":[{"keyid":"k","sig":"'
        b"HTEkLIooPZpkumyYKpjYsoTtOksTtu6rkMadYJQbGpV6277RttPs6kC6F6CASVfXZjRNbAox9PMWGrabk0u8Bw=="
        b'"}]}'
    )


def test_every_signature_of_an_envelope_verifies_over_the_pae() -> None:
    signers = [(key_id(signer.public_key), signer) for signer in (SECOND, FIRST)]
    envelope = json.loads(sign_envelope(b"\x00\xff", "application/é", signers))
    assert b64decode(envelope["payload"]) == b"\x00\xff"
    assert envelope["payloadType"] == "application/é"
    assert [entry["keyid"] for entry in envelope["signatures"]] == [name for name, _ in signers]
    for (_, signer), entry in zip(signers, envelope["signatures"], strict=True):
        verify(signer.public_key, pae("application/é", b"\x00\xff"), b64decode(entry["sig"]))


def test_an_envelope_needs_a_signer() -> None:
    with pytest.raises(ValueError, match="signer"):
        sign_envelope(b"", "text/plain", [])
