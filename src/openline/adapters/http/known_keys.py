"""`GET /keys`: which keys speak for whom, and what shows it. Parties verify each other, so each sees the others'."""

from __future__ import annotations

from base64 import b64encode

from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.committed import Committed
from openline.adapters.http.doors import get
from openline.adapters.http.signing_in import SigningIn
from openline.core.time import to_text
from openline.intake.keyring import Keyring, OperationalKey
from openline.keys.identify import key_id
from openline.ledger.told import split_told
from openline.node.line import Line
from openline.node.ports import Clock


class KnownKeys:
    """Reads of keys."""

    def __init__(
        self, line: Line, clock: Clock, committed: Committed, signing_in: SigningIn, *, is_drill: bool
    ) -> None:
        """All of it as the disk has it."""
        self._line = line
        self._clock = clock
        self._committed = committed
        self._signing_in = signing_in
        self._is_drill = is_drill

    def routes(self) -> list[BaseRoute]:
        """The address of what is read."""
        return [get("/keys", self._keys)]

    async def _keys(self, request: Request) -> Answer:
        party = self._signing_in.session(request).party
        at_ms = self._clock.now_ms()
        return json_answer(
            await self._committed.look(lambda line: known_keys(line, party, at_ms=at_ms, is_drill=self._is_drill))
        )


def known_keys(line: Line, reader: str, *, at_ms: int, is_drill: bool) -> shapes.KnownKeys:
    """The keys that `reader` may know of, with their standing at `at_ms`.

    Raises:
        StoreError: when the disk cannot be read.
    """
    state = line.state
    shown = [p for p in state.keyring.parties() if p == reader or state.register.have_common(reader, p)]
    return shapes.KnownKeys(
        as_of=line.committed - 1, drill=is_drill, parties=[_party(line, party, at_ms) for party in shown]
    )


def _party(line: Line, party: str, at_ms: int) -> shapes.PartyKeys:
    keyring = line.state.keyring
    roots = keyring.roots(party)
    return shapes.PartyKeys(
        party=party,
        roots=[] if roots is None else [_base64(key) for key in roots.keys],
        threshold=0 if roots is None else roots.threshold,
        keys=[_key(keyring, key, at_ms) for key in keyring.of_party(party)],
        documents=[
            _document(line, index) for index, teller in line.state.entries.key_documents.items() if teller == party
        ],
    )


def _key(keyring: Keyring, key: OperationalKey, at_ms: int) -> shapes.KnownKey:
    name = key_id(key.public_key)
    held = keyring.certificate(name)
    return shapes.KnownKey(
        key_id=name,
        key=_base64(key.public_key),
        role=key.role,
        standing=keyring.standing(name, at_ms).value,
        vouched_by="" if held is None else held.signer,
        watch="" if held is None else held.watch,
        not_before=None if held is None else to_text(held.window.start_ms),
        not_after=None if held is None else to_text(held.window.end_ms),
        entry=None if held is None else held.index,
    )


def _document(line: Line, index: int) -> shapes.KeyDocumentTold:
    record = line.record(index)
    if record is None:
        raise RuntimeError(f"entry {index} is a key document and not in the store")
    time_text, raw = split_told(record.body)
    return shapes.KeyDocumentTold(index=index, recorded_at=time_text, envelope=_base64(raw))


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
