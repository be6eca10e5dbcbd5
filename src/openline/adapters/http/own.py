"""What a party may read of its own: alerts, notices, entries, channels. Whatever is another's is not there."""

from __future__ import annotations

from base64 import b64encode

from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.committed import Committed
from openline.adapters.http.doors import get
from openline.adapters.http.problems import not_found
from openline.adapters.http.signing_in import SigningIn
from openline.adapters.http.witnessed import witnessed_entry, witnessed_word
from openline.core.time import to_text
from openline.hotline.alerts import OpenAlert
from openline.node.line import Line
from openline.node.state import Held

_INDEX_MAX_DIGITS = 18


class Own:
    """Reads of the session's party."""

    def __init__(self, line: Line, committed: Committed, signing_in: SigningIn, *, is_drill: bool) -> None:
        """All of it as the disk has it."""
        self._is_drill = is_drill
        self._line = line
        self._committed = committed
        self._signing_in = signing_in

    def routes(self) -> list[BaseRoute]:
        """The addresses of what is one's own."""
        return [
            get("/alerts", self._alerts),
            get("/notices", self._notices),
            get("/entries/{index}", self._entry),
            get("/channels", self._channels),
        ]

    async def _alerts(self, request: Request) -> Answer:
        party = self._signing_in.session(request).party
        return json_answer(await self._committed.look(lambda line: alerts_of(line, party, is_drill=self._is_drill)))

    async def _notices(self, request: Request) -> Answer:
        party = self._signing_in.session(request).party
        return json_answer(await self._committed.look(lambda line: notices_of(line, party, is_drill=self._is_drill)))

    async def _entry(self, request: Request) -> Answer:
        party = self._signing_in.session(request).party
        index = entry_index(request.path_params["index"])
        state = self._line.state
        if self._line.record(index) is None or not state.may_read(party, index):
            raise not_found()
        # what was told by a party or to it is its own for ever; a disclosure counts once it is on disk
        if not state.has_part_in(party, index) and not await self._committed.look(
            lambda line: line.state.may_read(party, index)
        ):
            raise not_found()
        return json_answer(entry_of(self._line, party, index))

    async def _channels(self, request: Request) -> Answer:
        party = self._signing_in.session(request).party
        told, feed = (self._channel(name) for name in channels_of(party))
        exclusive = await self._committed.look(lambda line: exclusive_of(line, party))
        return json_answer(shapes.OwnChannels(told=told, feed=feed, exclusive=exclusive))

    def _channel(self, name: str) -> shapes.OwnChannel:
        return shapes.OwnChannel(name=name, secret=_base64(self._line.secrets.channel(name)))


def entry_index(text: str) -> int:
    """The index of an entry in an address.

    Raises:
        NotFound: NOT_FOUND, when no entry can have it.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _INDEX_MAX_DIGITS):
        raise not_found()
    return int(text)


def channels_of(party: str) -> tuple[str, str]:
    """The names of a party's channels: what it told, and what it was told."""
    return f"{party}/told", f"{party}/feed"


def exclusive_of(line: Line, party: str) -> list[shapes.ExclusiveChannel]:
    """The exclusive channels that a party tells over or may count, each version of their agreements by itself."""
    channels = line.state.channels
    return [
        shapes.ExclusiveChannel(
            name=name,
            secret=_base64(channels.channel_secret(name, epoch.version)),
            agreement=chain.agreement,
            version=epoch.version,
            role="from" if party == rule.sender else "to",
            entry=epoch.index,
            open=chain.is_open and epoch.version == chain.last.version,
        )
        for name, chain in sorted(channels.chains.items())
        for epoch, rule in channels.versions(chain)
        if party in {rule.sender, *rule.receivers}
    ]


def alerts_of(line: Line, party: str, *, is_drill: bool) -> shapes.OwnAlerts:
    """The open alerts of a party."""
    found = [_alert(held) for held in line.state.desk.of_party(party)]
    return shapes.OwnAlerts(as_of=line.committed - 1, drill=is_drill, alerts=found)


def notices_of(line: Line, party: str, *, is_drill: bool) -> shapes.OwnNotices:
    """The notices of a party that are in force."""
    found = [_notice(line, held) for held in line.state.notices_of(party)]
    last = line.state.chain(party).last
    return shapes.OwnNotices(
        as_of=line.committed - 1, drill=is_drill, sequence=last.sequence, previous=last.digest, notices=found
    )


def entry_of(line: Line, party: str, index: int) -> shapes.OwnEntry:
    """An entry with all that proves it, for a party that may see it.

    Raises:
        NotFound: NOT_FOUND, when it is not on disk.
        StoreError: when the disk cannot be read.
    """
    record = line.record(index)
    if record is None:
        raise not_found()
    return shapes.OwnEntry(
        index=index,
        leaf=_base64(record.leaf),
        witnessed=witnessed_entry(line, record, party),
        body=_base64(record.body),
        salt=_base64(line.salt(index)),
        proof=[_base64(digest) for digest in line.proof(index)],
        checkpoint=line.checkpoint,
    )


def _alert(held: OpenAlert) -> shapes.OwnAlert:
    return shapes.OwnAlert(
        alert=held.alert,
        reference=held.reference,
        count=held.count,
        references=list(held.parts),
        agreement=held.agreement,
        reason=held.reason.value,
        notice=held.notice,
        zone=held.zone,
        window_start=to_text(held.window_start_ms) if held.is_window_told else None,
        window_end=to_text(held.window_end_ms) if held.is_window_told else None,
        precedence=held.precedence.name,
        answer_due=to_text(held.answer_due_ms) if held.answer_due_ms else None,
        tier=held.tier,
        roles=list(held.ladder.asked_at(held.tier)),
        acknowledged=held.is_acknowledged,
    )


def _notice(line: Line, held: Held) -> shapes.OwnNotice:
    return shapes.OwnNotice(
        id=held.id,
        type=held.kind.value,
        agreement=held.agreement,
        index=held.index,
        recorded_at=to_text(held.recorded_ms),
        digest=held.digest,
        window_start=to_text(held.window.start_ms),
        window_end=to_text(held.window.end_ms),
        refresh_due=to_text(held.refresh_due_ms) if held.refresh_due_ms else None,
        stale=held.is_stale,
        witnessed=witnessed_word(line, held.agreement, held.index),
    )


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
