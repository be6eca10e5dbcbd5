"""Asking witnesses for cosignatures, beside the sequencer: no receipt waits for them.

Witnesses are asked in rounds, all for the same checkpoint, for what is witnessed is one checkpoint that enough of them
have cosigned. A round takes the newest checkpoint on disk, and ends when everybody asked has answered or has run out of
time. Whoever failed is left alone for a while, longer each time, and is asked for the same checkpoint as the others as
long as nothing worth witnessing has come since. So a load of notices costs a witness one request a second, and a dead,
slow or lying one costs the others nothing but the wait of one round.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from openline.core.errors import OpenlineError
from openline.core.event import WitnessTrouble
from openline.core.time import MINUTE_MS, SECOND_MS
from openline.ledger.cosignature import line_text, verify_cosignature
from openline.ledger.note import NoteError, parse_note, parse_signature_lines
from openline.ledger.witnessing import CONFLICT, UNPROVEN, Request, format_request
from openline.node.ports import WitnessAnswer, WitnessDoor, WitnessSilent
from openline.node.sequencer import Report, Sequencer
from openline.node.witnesses import Cosigning, Suspicion

ROUND_MS = SECOND_MS
"""Between the beginnings of two rounds for different checkpoints."""
BACK_OFF_MAX_MS = MINUTE_MS
PAUSE_S = 0.2
"""How often it is looked whether a round is due."""

_TRIES = 3
"""Requests to one witness in one round: a first one may only bring the size that it starts from."""
_GOOD = 200
_SIZE_DIGITS = 19


class Standing(StrEnum):
    """How a witness stands, for those who watch the node."""

    WAITING = "waiting"
    """It has not been asked yet."""
    ANSWERING = "answering"
    SILENT = "silent"
    """It did not answer, or not with a cosignature."""
    TROUBLE = "trouble"
    """Something is wrong; the ledger says what."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a witness is asked."""

    name: str
    url: str


class _Asked(Struct):
    """What is remembered of a witness while the node runs; the ledger remembers the rest."""

    url: str
    told: int | None = None
    """The size that it cosigned last, by its own word; None before it has said so."""
    failures: int = 0
    retry_at_ms: int = 0
    has_answered: bool = False


class _Troubled(Exception):
    """What came back contradicts what the node knows."""

    def __init__(self, trouble: WitnessTrouble, told: int = 0) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.told = told


class Cosigners:
    """Who is asked what. Lives in the sequencer's event loop."""

    def __init__(self, sequencer: Sequencer, door: WitnessDoor, places: Sequence[Place], report: Report) -> None:
        """`places` are those of witnesses that the ledger names; `report` is told of every trouble."""
        self._sequencer = sequencer
        self._line = sequencer.line
        self._door = door
        self._report = report
        self._asked = {place.name: _Asked(place.url) for place in places}
        self._size = 0
        self._begun_ms: int | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask."""
        if self._asked:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop asking; an answer on its way is lost, and the witness will say that it has cosigned."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._door.close()

    def standings(self) -> dict[Standing, int]:
        """How many witnesses stand how."""
        counts = dict.fromkeys(Standing, 0)
        for name in self._asked:
            counts[self._standing(name)] += 1
        return counts

    async def turn(self) -> bool:
        """One round when it is due; True when anybody was asked."""
        if self._line.is_fenced:
            return False
        now_ms = self._sequencer.clock.now_ms()
        size = self._next_size(now_ms)
        due = [name for name in self._asked if self._is_due(name, size, now_ms)]
        if not due:
            return False
        if size != self._size or self._begun_ms is None:
            self._size, self._begun_ms = size, now_ms
        await asyncio.gather(*(self._settle(name, size) for name in due))
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self.turn()
            except Exception as error:  # noqa: BLE001 - whatever it is, the line goes on and the next round follows
                self._report("A round of asking witnesses broke off; the next one follows.", error)
            await asyncio.sleep(PAUSE_S)

    def _next_size(self, now_ms: int) -> int:
        """The checkpoint to ask for: that of the last round as long as it covers all that is worth asking about."""
        witnesses, committed = self._line.state.witnesses, self._line.committed
        size = self._size or witnesses.asked_last()
        is_behind = any((asked.told or 0) > size for asked in self._asked.values())
        if not is_behind and witnesses.news(committed) <= size <= committed:
            return size
        is_soon = self._begun_ms is not None and 0 <= now_ms - self._begun_ms < ROUND_MS
        return self._size if is_soon else committed

    def _is_due(self, name: str, size: int, now_ms: int) -> bool:
        asked = self._asked[name]
        is_known = name in self._line.state.witnesses.known
        return is_known and now_ms >= asked.retry_at_ms and self._line.state.witnesses.last_size(name) < size

    def _standing(self, name: str) -> Standing:
        asked = self._asked[name]
        if name in self._line.state.witnesses.troubles:
            return Standing.TROUBLE
        if asked.failures:
            return Standing.SILENT
        return Standing.ANSWERING if asked.has_answered else Standing.WAITING

    async def _settle(self, name: str, size: int) -> None:
        """Ask one witness for one checkpoint and record what comes of it. Raises nothing: nobody else may suffer."""
        asked = self._asked[name]
        try:
            line = await self._cosignature(name, asked, size)
            await self._sequencer.observe(Cosigning(witness=name, size=size, line=line))
        except _Troubled as troubled:
            self._fail(asked)
            await self._alarm(name, Suspicion(witness=name, trouble=troubled.trouble, size=size, told=troubled.told))
        except WitnessSilent:
            self._fail(asked)
        except OpenlineError as error:
            self._fail(asked)
            self._report(f"What the witness {name} answered could not be recorded.", error)
        except Exception as error:  # noqa: BLE001 - a fault of ours in asking one must not keep us from the others
            self._fail(asked)
            self._report(f"Asking the witness {name} broke off.", error)
        else:
            asked.failures, asked.retry_at_ms, asked.has_answered = 0, 0, True

    async def _cosignature(self, name: str, asked: _Asked, size: int) -> str:
        """The line of a confirmed cosignature.

        Raises:
            WitnessSilent: when there is none, and nothing is wrong but that.
            _Troubled: when what came back cannot be.
        """
        note = self._line.journal.sign(size)
        last = self._line.state.witnesses.last_size(name)
        old = min(last if asked.told is None else asked.told, size)
        for _ in range(_TRIES):
            proof = self._line.journal.tree.consistency_proof(old, size) if old else []
            body = format_request(Request(old_size=old, proof=tuple(proof), note=note))
            answer = await self._door.add_checkpoint(asked.url, body)
            if answer.status == _GOOD:
                asked.told = size
                return self._confirmed(name, note, answer)
            if answer.status == UNPROVEN:
                raise _Troubled(WitnessTrouble.FORK, old)
            if answer.status != CONFLICT:
                raise WitnessSilent(f"it answered with {answer.status}")
            old = await self._told(name, asked, answer, old=old, size=size)
        raise WitnessSilent("it names another size every time")

    async def _told(self, name: str, asked: _Asked, answer: WitnessAnswer, *, old: int, size: int) -> int:
        """The size that a conflict names, from which to ask again; raises as `_cosignature`."""
        text = answer.body.removesuffix(b"\n")
        if not text.isdigit() or len(text) > _SIZE_DIGITS:
            raise _Troubled(WitnessTrouble.WRONG_ANSWER)
        told = int(text)
        if told > self._line.committed:
            raise _Troubled(WitnessTrouble.AHEAD, told)
        if told == old:
            # It starts from where we do, and yet there is a conflict: of two roots, if the sizes are equal.
            raise _Troubled(WitnessTrouble.FORK if old == size else WitnessTrouble.WRONG_ANSWER, told)
        if told < self._line.state.witnesses.last_size(name):
            trouble = Suspicion(witness=name, trouble=WitnessTrouble.WENT_BACK, size=size, told=told)
            await self._alarm(name, trouble)
        asked.told = told
        if told > size:
            raise WitnessSilent("it has cosigned a later checkpoint; the next round asks for one")
        return told

    def _confirmed(self, name: str, note: str, answer: WitnessAnswer) -> str:
        cosigner = self._line.state.witnesses.known[name].cosigner
        try:
            lines = parse_signature_lines(answer.body.decode())
            ours = [line for line in lines if (line.name, line.key_hash) == (cosigner.name, cosigner.key_hash)]
            if not ours:
                raise _Troubled(WitnessTrouble.WRONG_ANSWER)
            text = parse_note(note).text
            found = verify_cosignature(text, ours[0], cosigner)
        except (UnicodeDecodeError, NoteError) as error:
            raise _Troubled(WitnessTrouble.WRONG_ANSWER) from error
        return line_text(found.line).removesuffix("\n")

    async def _alarm(self, name: str, suspicion: Suspicion) -> None:
        is_new = self._line.state.witnesses.troubles.get(name) is not suspicion.trouble
        try:
            await self._sequencer.observe(suspicion)
        except OpenlineError as error:
            self._report(f"Trouble with the witness {name} could not be recorded.", error)
        if is_new:
            self._report(_SENTENCES[suspicion.trouble].format(name=name), _Troubled(suspicion.trouble, suspicion.told))

    def _fail(self, asked: _Asked) -> None:
        asked.retry_at_ms = self._sequencer.clock.now_ms() + min(SECOND_MS << min(asked.failures, 16), BACK_OFF_MAX_MS)
        asked.failures += 1


_SENTENCES = {
    WitnessTrouble.AHEAD: "The witness {name} has cosigned more of this ledger than is on disk here. Was an old copy "
    "put back, or is somebody else using this node's key? Stop, and compare with a mirror.",
    WitnessTrouble.FORK: "The witness {name} has seen another history of this ledger than the one on disk here. Stop, "
    "and compare with a mirror.",
    WitnessTrouble.WENT_BACK: "The witness {name} remembers less than it has cosigned. Its operator has put back an "
    "old copy; tell them.",
    WitnessTrouble.WRONG_ANSWER: "The witness {name} answers with something that is no cosignature of its key. Check "
    "`witnesses` in the settings, and tell its operator.",
}
