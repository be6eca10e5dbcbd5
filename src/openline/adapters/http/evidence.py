"""A party's own evidence bundle over HTTP: put together beside the event loop, from what is on disk."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.bundle_file import pack
from openline.adapters.http.answers import Answer
from openline.adapters.http.committed import Committed
from openline.adapters.http.doors import get
from openline.adapters.http.signing_in import SigningIn
from openline.codec.times import read_instant
from openline.core.errors import Invalid, NodeFault
from openline.core.evidence import Span
from openline.core.limits import NAME_MAX_CHARS
from openline.core.time import FOREVER_MS
from openline.ledger.note import NoteVerifier
from openline.node.absence import Stretch
from openline.node.evidence import Asked, Source, gather
from openline.node.holdings import Holdings, of_state
from openline.node.line import Line
from openline.node.silence import stretches_of, written

ZIP = "application/zip"
WAITING_MAX = 8
"""Bundles that wait while one is put together; more are asked to come back."""
WAITING_OF_A_PARTY = 2
"""Of those, as many of one party: none keeps the others out."""
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


class Evidence:
    """Bundles, one at a time: the sequencer goes before them."""

    def __init__(self, line: Line, committed: Committed, signing_in: SigningIn, *, is_drill: bool) -> None:
        """Nothing is put together yet."""
        self._line = line
        self._committed = committed
        self._signing_in = signing_in
        self._is_drill = is_drill
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()

    def routes(self) -> list[BaseRoute]:
        """The one address."""
        return [get("/evidence", self._evidence)]

    async def _evidence(self, request: Request) -> Answer:
        asked = _asked(self._signing_in.session(request).party, request)
        party = asked.party
        if self._waiting.total() >= WAITING_MAX or self._waiting[party] >= WAITING_OF_A_PARTY:
            raise NodeFault(
                "NODE_BUSY", "other bundles are being put together", remedy="Come back in a minute; nothing is lost."
            )
        self._waiting[party] += 1
        try:
            async with self._turn:
                seen = await self._committed.look(lambda line: self._seen(line, asked))
                return Answer(200, await asyncio.to_thread(_packed, asked, *seen), ZIP)
        finally:
            self._waiting[party] -= 1

    def _seen(self, line: Line, asked: Asked) -> tuple[Source, Holdings, tuple[Stretch, ...]]:
        """The ledger as its disk has it at this moment; complete parts of the tree never change."""
        source, holdings = source_of(line, is_drill=self._is_drill), of_state(line.state, asked.party)
        channels, span = asked.absences, asked.span
        return source, holdings, stretches_of(line.state, source, asked.party, channels, span, holdings.witnessed)


def source_of(line: Line, *, is_drill: bool) -> Source:
    """Where the bundle of a line is read from."""
    return Source(
        record=line.store.get,
        salts=line.journal.salts,
        tree=line.journal.tree,
        node_key=NoteVerifier(line.origin, line.secrets.signer.public_key),
        checkpoint=line.checkpoint,
        sign=line.journal.sign,
        is_drill=is_drill,
    )


def _packed(asked: Asked, source: Source, holdings: Holdings, stretches: tuple[Stretch, ...]) -> bytes:
    bundle = gather(source, holdings, asked)
    return pack(msgspec.structs.replace(bundle, absences=written(stretches, source)))


def _asked(party: str, request: Request) -> Asked:
    query = request.query_params
    since, until, inquiry = (query.get(name, "") for name in ("from", "to", "inquiry"))
    absences = tuple(query.getlist("absence"))
    if absences and inquiry:
        raise Invalid(
            "VALUE_INVALID",
            "a proof of absence opens more than an inquiry is shown",
            path="absence",
            remedy="Ask for two bundles.",
        )
    if len(inquiry) > NAME_MAX_CHARS:
        raise Invalid("VALUE_INVALID", "no inquiry has so long a name", path="inquiry", remedy="Name it as declared.")
    to_index = query.get("to_index", "")
    span = Span(
        first=_number(query.get("from_index", "0"), "from_index"),
        end=_number(to_index, "to_index") if to_index else None,
        since_ms=read_instant(since, path="from") if since else 0,
        until_ms=read_instant(until, path="to") if until else FOREVER_MS,
    )
    return Asked(party=party, span=span, inquiry=inquiry, absences=absences)


def _number(text: str, path: str) -> int:
    if not _INDEX.fullmatch(text):
        raise Invalid("VALUE_INVALID", "it is not an index of an entry", path=path, remedy="Send a whole number.")
    return int(text)
