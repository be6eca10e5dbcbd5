"""A first version needs a party's threshold of roots; a change needs two people of every party."""

from __future__ import annotations

from pathlib import Path

import pytest

from openline.adapters.memory import MemoryStore
from openline.adapters.sqlite import SqliteStore
from openline.app import key_documents as written
from openline.app.agreements import add_signature, check_signatures, read_signed
from openline.app.composition import open_line, open_store, overruled_roots, settled
from openline.app.configuration import KeySettings, PartySettings, Settings, read_settings, write_settings
from openline.codec.envelope import to_base64
from openline.core.errors import BadUse
from openline.core.event import AgreementLoaded, RootsEnrolled
from openline.core.key_documents import RootSet
from openline.core.time import DAY_MS
from openline.intake.key_opening import open_key_document
from openline.keys.signing import Signer
from openline.node.line import Line
from tests.key_town import KeyTown
from tests.parties import NOON_MS, NORTH, SOUTH, agreement, signer_of


def root(party: str, number: int = 0) -> Signer:
    return signer_of(party, f"root{number}")


def sets(roots: int = 2, threshold: int = 1) -> dict[str, RootSet]:
    return {
        party: RootSet(keys=tuple(root(party, n).public_key for n in range(roots)), threshold=threshold)
        for party in (NORTH, SOUTH)
    }


def signed(*signers: Signer, version: int = 2) -> bytes:
    raw = agreement(version=version)
    for signer in signers:
        raw = add_signature(raw, signer, name="terms")
    return raw


def check(raw: bytes, *, town: KeyTown | None = None, roots: int = 2, threshold: int = 1, change: bool = True) -> None:
    keyring = None if town is None else town.line.state.keyring
    check_signatures(
        read_signed(raw, name="terms"),
        sets(roots, threshold),
        name="terms",
        keyring=keyring,
        at_ms=NOON_MS if town is None else town.now_ms,
        is_change=change,
    )


def refused(raw: bytes, **how: object) -> str:
    with pytest.raises(BadUse) as found:
        check(raw, **how)  # type: ignore[arg-type]
    assert found.value.code == "AGREEMENT_UNSIGNED"
    return found.value.reason


def test_one_root_of_each_is_enough_for_a_first_version_and_not_for_a_change() -> None:
    raw = signed(root(NORTH), root(SOUTH))
    check(raw, change=False)
    assert "of NORTH 1 person has signed it; it takes 2" in refused(raw)


def test_two_roots_of_each_may_change_it() -> None:
    check(signed(*[root(party, n) for party in (NORTH, SOUTH) for n in range(2)]))
    assert "of SOUTH 1 person" in refused(signed(root(NORTH), root(NORTH, 1), root(SOUTH)))


def test_the_same_root_twice_is_one_person() -> None:
    assert "1 person" in refused(signed(root(NORTH), root(NORTH), root(SOUTH), root(SOUTH)))


def test_a_first_version_needs_as_many_roots_as_the_threshold_says() -> None:
    raw = signed(root(NORTH), root(SOUTH))
    assert "1 of the roots of NORTH have signed it, and it takes 2" in refused(raw, threshold=2, change=False)


def test_a_root_and_a_signatory_are_two_people() -> None:
    town = KeyTown(roots=2)
    officers = [town.appoint(town.issue(party), party, "signatory", label="signatory") for party in (NORTH, SOUTH)]
    raw = signed(root(NORTH), root(SOUTH), *officers)
    check(raw, town=town)
    assert "has not signed it with a root" in refused(signed(*officers, root(SOUTH)), town=town)
    town.revoke(officers[0])
    assert "of NORTH 1 person" in refused(raw, town=town)


def test_two_signatories_count_once() -> None:
    town = KeyTown(roots=3, threshold=1)
    issuer = town.issue()
    pair = [town.appoint(issuer, role="signatory", label=f"signatory{n}") for n in range(2)]
    raw = signed(root(NORTH), *pair, root(SOUTH), root(SOUTH, 1), root(SOUTH, 2))
    check(raw, town=town, roots=3)
    assert "1 of the roots of NORTH have signed it, and it takes 3" in refused(raw, town=town, roots=3, threshold=3)


def test_one_root_of_two_does_not_make_up_the_second_person() -> None:
    """Any root can make an issuer and that a signatory: the threshold of roots holds for a change too."""
    town = KeyTown(roots=2, threshold=2)
    officer = town.appoint(town.issue(), role="signatory")
    raw = signed(root(NORTH), officer, root(SOUTH), root(SOUTH, 1))
    assert "1 of the roots of NORTH have signed it, and it takes 2" in refused(raw, town=town, threshold=2)
    check(signed(*[root(party, n) for party in (NORTH, SOUTH) for n in range(2)]), town=town, threshold=2)


@pytest.mark.parametrize("role", ["duty_officer", "general_staff"])
def test_an_officer_of_another_role_is_no_second_person(role: str) -> None:
    town = KeyTown(roots=2)
    officer = town.appoint(town.issue(), role=role)
    assert "of NORTH 1 person" in refused(signed(root(NORTH), officer, root(SOUTH), root(SOUTH, 1)), town=town)


def test_what_the_operator_calls_a_signatory_is_none() -> None:
    town = KeyTown(roots=2)
    town.appoint(town.issue())
    assert "of NORTH 1 person" in refused(signed(root(NORTH), signer_of(NORTH), root(SOUTH), root(SOUTH, 1)), town=town)


def test_an_expired_signatory_signs_no_change() -> None:
    town = KeyTown(roots=2)
    officer = town.appoint(town.issue(), role="signatory")
    town.wait(30 * DAY_MS)
    raw = signed(root(NORTH), officer, root(SOUTH), root(SOUTH, 1))
    assert "of NORTH 1 person" in refused(raw, town=town)


def folder_with(tmp_path: Path, roots: int = 2, threshold: int = 1) -> tuple[Path, Settings]:
    parties = [
        PartySettings(
            code=party,
            root_keys=[to_base64(root(party, n).public_key) for n in range(roots)],
            root_threshold=threshold,
            keys=[KeySettings(role="duty_officer", key=to_base64(signer_of(party).public_key))],
        )
        for party in (NORTH, SOUTH)
    ]
    settings = Settings(origin="line.example/town", parties=parties, agreements=["one.signed.json"])
    (tmp_path / "one.signed.json").write_bytes(signed(root(NORTH), root(SOUTH), version=1))
    write_settings(tmp_path, settings)
    return tmp_path, read_settings(tmp_path)


def start(folder: Path, store: SqliteStore) -> Line:
    settings = read_settings(folder)
    line = open_line(folder, settings, store)
    line.administer(NOON_MS, settled(folder, settings, line, NOON_MS))
    return line


def test_a_node_takes_a_first_version_and_asks_two_people_for_the_next(tmp_path: Path) -> None:
    folder, settings = folder_with(tmp_path)
    store = open_store(folder)
    try:
        line = start(folder, store)
        assert line.state.register.holds("town", 1)
        settings.agreements = ["one.signed.json", "two.signed.json"]
        write_settings(folder, settings)
        (folder / "two.signed.json").write_bytes(signed(root(NORTH), root(SOUTH)))
        with pytest.raises(BadUse, match="it changes an agreement that is in use"):
            start(folder, store)
        everybody = [root(party, n) for party in (NORTH, SOUTH) for n in range(2)]
        (folder / "two.signed.json").write_bytes(signed(*everybody))
        assert start(folder, store).state.register.holds("town", 2)
    finally:
        store.close()


def test_two_versions_at_the_first_start_are_a_first_one_and_a_change(tmp_path: Path) -> None:
    folder, settings = folder_with(tmp_path)
    settings.agreements = ["one.signed.json", "two.signed.json"]
    write_settings(folder, settings)
    (folder / "two.signed.json").write_bytes(signed(root(NORTH), root(SOUTH)))
    store = open_store(folder)
    try:
        with pytest.raises(BadUse, match="it changes an agreement"):
            start(folder, store)
    finally:
        store.close()


def test_settings_do_not_overrule_the_roots_of_the_ledger(tmp_path: Path) -> None:
    folder, settings = folder_with(tmp_path, roots=1)
    store = open_store(folder)
    try:
        line = start(folder, store)
        held = line.state.keyring.roots(NORTH)
        settings.parties[0].root_keys = [to_base64(signer_of(NORTH, "intruder").public_key)]
        write_settings(folder, settings)
        again = start(folder, store)
        assert again.state.keyring.roots(NORTH) == held
        assert overruled_roots(read_settings(folder), again.state) == [NORTH]
        assert [e for e in settled(folder, settings, again, NOON_MS) if isinstance(e, AgreementLoaded)] == []
    finally:
        store.close()


def test_an_agreement_in_use_survives_a_change_of_roots(tmp_path: Path) -> None:
    folder, _ = folder_with(tmp_path, roots=1)
    store = open_store(folder)
    try:
        line = start(folder, store)
        fresh = signer_of(NORTH, "fresh")
        raw = written.signed(
            written.root_replacement([fresh.public_key], 1),
            [root(NORTH), fresh],
            party=NORTH,
            identifier="keys-000001",
            at_ms=NOON_MS,
        )
        line.commit([open_key_document(raw, keyring=line.state.keyring)], NOON_MS)
        again = start(folder, store)
        assert again.state.register.holds("town", 1)
        assert overruled_roots(read_settings(folder), again.state) == [NORTH]
    finally:
        store.close()


@pytest.mark.parametrize(
    "roots",
    [
        {},
        {"root_key": "A", "root_keys": ["B"]},
        {"root_keys": ["A", "A"]},
        {"root_keys": ["A", "B"], "root_threshold": 3},
    ],
)
def test_roots_that_cannot_be_followed_are_refused(tmp_path: Path, roots: dict[str, object]) -> None:
    names = {"A": to_base64(root(NORTH).public_key), "B": to_base64(root(NORTH, 1).public_key)}
    lines = ['origin = "line.example/town"', "[[parties]]", 'code = "NORTH"']
    for name, value in roots.items():
        shown = [names[key] for key in value] if isinstance(value, list) else names.get(str(value), value)
        lines.append(f"{name} = {shown!r}".replace("'", '"'))
    (tmp_path / "openline.toml").write_text("\n".join(lines))
    with pytest.raises(BadUse, match="roots of NORTH cannot be followed"):
        read_settings(tmp_path)


def test_a_key_has_one_place_in_the_settings_and_in_the_ledger(tmp_path: Path) -> None:
    folder, settings = folder_with(tmp_path, roots=1)
    store = open_store(folder)
    try:
        start(folder, store)
        settings.parties[1].keys.append(KeySettings(role="political", key=to_base64(signer_of(NORTH).public_key)))
        write_settings(folder, settings)
        with pytest.raises(BadUse, match="two places"):
            read_settings(folder)
        settings.parties[0].keys.clear()
        write_settings(folder, settings)
        with pytest.raises(BadUse, match="as duty_officer of NORTH"):
            start(folder, store)
    finally:
        store.close()


def test_roots_are_enrolled_once() -> None:
    town = KeyTown()
    held, size = town.line.state.keyring.roots(NORTH), town.line.committed
    other = to_base64(signer_of(NORTH, "intruder").public_key)
    town.administer([RootsEnrolled(at_ms=town.now_ms, party=NORTH, keys=(other,), threshold=1)])
    assert (town.line.state.keyring.roots(NORTH), town.line.committed) == (held, size)
    assert isinstance(town.store, MemoryStore)
