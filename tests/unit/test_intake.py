"""The first room: whose word it is, before anything that it says is looked at."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from openline.codec.times import Offsets
from openline.core.errors import Invalid, Malformed, NotAuthenticated
from openline.core.limits import BODY_MAX_BYTES
from openline.core.notice import AirActivity
from openline.intake.keyring import Keyring, OperationalKey
from openline.intake.opening import OpenedNotice, open_acknowledgement, open_notice, open_session
from openline.keys.identify import key_id
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, in_air, signer_of


@pytest.fixture(name="town")
def a_town() -> Town:
    return Town()


def opened(town: Town, raw: bytes) -> OpenedNotice:
    return open_notice(raw, keyring=town.line.state.keyring, offsets_of=lambda _: Offsets(0, 0))


def test_a_notice_opens_to_what_was_signed(town: Town) -> None:
    raw = town.written(NORTH, activity(in_air(NOON_MS), hazard_volumes=[in_air(NOON_MS)]))
    result = opened(town, raw)
    assert (result.raw, result.key.party, result.key.role) == (raw, NORTH, "duty_officer")
    assert isinstance(result.notice, AirActivity)
    assert result.notice.volumes == result.notice.hazard_volumes
    assert result.digest == town.pens[NORTH].previous


def test_the_signature_is_looked_at_before_the_payload(town: Town) -> None:
    document = json.loads(town.written(NORTH, {"type": "nonsense"}))
    signature = b64decode(document["signatures"][0]["sig"])
    with pytest.raises(Malformed, match="PAYLOAD_MALFORMED"):
        opened(town, json.dumps(document).encode())
    document["signatures"][0]["sig"] = json.loads(town.written(SOUTH, {"type": "nonsense"}))["signatures"][0]["sig"]
    with pytest.raises(NotAuthenticated, match="SIGNATURE_INVALID at signatures"):
        opened(town, json.dumps(document).encode())
    assert len(signature) == 64


def test_a_party_tells_only_for_itself(town: Town) -> None:
    town.pens[NORTH].party = SOUTH
    with pytest.raises(NotAuthenticated, match="PARTY_MISMATCH at party"):
        opened(town, town.written(NORTH, activity(in_air(NOON_MS))))


def test_a_key_that_nobody_enrolled_opens_nothing(town: Town) -> None:
    raw = town.written(NORTH, activity(in_air(NOON_MS)))
    with pytest.raises(NotAuthenticated, match=r"KEY_UNKNOWN at signatures\[0\].keyid"):
        open_notice(raw, keyring=Keyring(), offsets_of=lambda _: Offsets(0, 0))


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_not(town: Town) -> None:
    raw = town.written(NORTH, activity(in_air(NOON_MS)))
    assert opened(town, raw + b" " * (BODY_MAX_BYTES - len(raw))).notice.party == NORTH
    with pytest.raises(Malformed, match="BODY_TOO_LARGE"):
        opened(town, raw + b" " * (BODY_MAX_BYTES - len(raw) + 1))


def test_each_door_takes_its_own_documents_only(town: Town) -> None:
    keyring, pen = town.line.state.keyring, town.pens[NORTH]
    notice = town.written(NORTH, activity(in_air(NOON_MS)))
    read = pen.acknowledgement(alert="a", precedence="FLASH", identifier="ack-0001", at_ms=NOON_MS)
    session = pen.session("challenge")
    for raw in (read, session):
        with pytest.raises(Malformed, match="PAYLOAD_TYPE_UNKNOWN at payloadType"):
            opened(town, raw)
    for raw in (notice, session):
        with pytest.raises(Malformed, match="PAYLOAD_TYPE_UNKNOWN"):
            open_acknowledgement(raw, keyring=keyring)
    for raw in (notice, read):
        with pytest.raises(Malformed, match="PAYLOAD_TYPE_UNKNOWN"):
            open_session(raw, keyring=keyring)
    key, challenge = open_session(session, keyring=keyring)
    assert (key.party, challenge) == (NORTH, "challenge")
    assert open_acknowledgement(read, keyring=keyring).acknowledgement.alert == "a"


def test_a_wrong_outline_is_refused_whichever_list_it_stands_in(town: Town) -> None:
    wrong = in_air(NOON_MS)
    wrong["outline_circle"]["center"]["lat"] = 91
    for name, fields in (
        ("volumes", activity(wrong)),
        ("hazard_volumes", activity(in_air(NOON_MS), hazard_volumes=[wrong])),
    ):
        with pytest.raises(Invalid, match="GEOMETRY_INVALID") as caught:
            opened(town, town.written(NORTH, fields))
        assert caught.value.path.startswith(f"{name}[0].outline")


def test_a_keyring_knows_its_keys() -> None:
    keyring = Keyring()
    keys = [OperationalKey(party=p, role="duty_officer", public_key=signer_of(p).public_key) for p in (SOUTH, NORTH)]
    for key in (*keys, keys[0]):
        keyring.enrol(key)
    assert keyring.parties() == (NORTH, SOUTH)
    assert keyring.find(key_id(keys[0].public_key)) == keys[0]
    assert keyring.find("") is None
    assert keyring.holds(keys[0])
    other_role = OperationalKey(party=SOUTH, role="cell_chief", public_key=keys[0].public_key)
    assert not keyring.holds(other_role)
