"""Signing, naming and deriving keys."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest

from openline.keys.derive import derive_seed
from openline.keys.identify import key_id
from openline.keys.mac import Mac
from openline.keys.signing import BadSignature, Signer, WeakKey, check_public_key, verify

# RFC 8032 section 7.1, TEST 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC_KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
ORDER = 2**252 + 27742317777372353535851937790883648493


def test_signer_gives_the_signature_of_the_standard() -> None:
    signer = Signer(SEED)
    assert signer.public_key == PUBLIC_KEY
    assert signer.sign(b"\x72") == SIGNATURE
    verify(PUBLIC_KEY, b"\x72", SIGNATURE)


@pytest.mark.parametrize(
    ("public_key", "message", "signature"),
    [
        (PUBLIC_KEY, b"\x73", SIGNATURE),
        (PUBLIC_KEY, b"", SIGNATURE),
        (PUBLIC_KEY, b"\x72", SIGNATURE[:-1]),
        (PUBLIC_KEY, b"", SIGNATURE + b"\x72"),
        (PUBLIC_KEY, b"\x72", b""),
        (PUBLIC_KEY[:-1], b"\x72", SIGNATURE),
        (PUBLIC_KEY + b"\x00", b"\x72", SIGNATURE),
        (b"", b"\x72", SIGNATURE),
        (bytes(32), b"\x72", SIGNATURE),
    ],
)
def test_verify_refuses(public_key: bytes, message: bytes, signature: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(public_key, message, signature)


def test_verify_refuses_s_plus_the_order() -> None:
    s = int.from_bytes(SIGNATURE[32:], "little") + ORDER
    with pytest.raises(BadSignature):
        verify(PUBLIC_KEY, b"\x72", SIGNATURE[:32] + s.to_bytes(32, "little"))


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33), bytes(64)])
def test_signer_refuses_a_seed_of_another_length(seed: bytes) -> None:
    with pytest.raises(ValueError, match="seed"):
        Signer(seed)


def test_signer_shows_no_secret() -> None:
    assert repr(Signer(SEED)) == f"Signer({key_id(PUBLIC_KEY)})"


@pytest.mark.parametrize("key", [b"", PUBLIC_KEY[:-1], bytes(32), b"\x01" + bytes(31), b"\xff" * 32])
def test_admission_refuses_weak_keys(key: bytes) -> None:
    with pytest.raises(WeakKey):
        check_public_key(key)


def test_admission_takes_an_honest_key() -> None:
    check_public_key(PUBLIC_KEY)


def test_key_id_is_half_a_sha256() -> None:
    assert key_id(PUBLIC_KEY) == sha256(PUBLIC_KEY).digest()[:16].hex()
    assert len(key_id(PUBLIC_KEY)) == 32


def test_derive_seed_is_the_documented_hmac() -> None:
    want = hmac.new(sha256(b"scenario").digest(), b"openline/derive/party/1", "sha256").digest()
    assert derive_seed(b"scenario", "party/1") == want


def test_derived_seeds_differ_by_secret_and_label() -> None:
    made = {derive_seed(secret, label) for secret in (b"a", b"a\x00", b"b") for label in ("x", "x\x00", "y")}
    assert len(made) == 9


@pytest.mark.parametrize(("secret", "label"), [(b"", "x"), (b"a", "")])
def test_derive_seed_refuses_emptiness(secret: bytes, label: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        derive_seed(secret, label)


@pytest.mark.parametrize("key", [b"", b"k", bytes(range(32)), bytes(64)])
@pytest.mark.parametrize("message", [b"", b"what do ya want for nothing?", bytes(200)])
def test_a_prepared_code_is_that_of_the_standard(key: bytes, message: bytes) -> None:
    prepared = Mac(key)
    assert [prepared.digest(message) for _ in range(2)] == [hmac.digest(key, message, "sha256")] * 2


def test_a_long_key_is_not_shortened_silently() -> None:
    with pytest.raises(ValueError, match="at most 64 bytes"):
        Mac(bytes(65))
