"""Entries of a bundle to words that count: whose each is, what that rests on, and what cannot be."""

from __future__ import annotations

import msgspec

from openline.codec.declarations import read_declaration
from openline.codec.documents import read_acknowledgement, read_notice
from openline.codec.envelope import (
    ACKNOWLEDGEMENT_TYPE,
    DECLARATION_TYPE,
    KEY_TYPE,
    NOTICE_TYPE,
    Envelope,
    read_envelope,
    to_base64,
)
from openline.codec.times import read_instant
from openline.core.declaration import Declaration
from openline.core.errors import OpenlineError
from openline.core.event import Disclosed, Event, NodeStarted
from openline.core.evidence import DRILL_ORIGIN, Manifest
from openline.core.notice import Acknowledgement, Notice
from openline.core.time import to_text
from openline.intake.chain import Rests
from openline.ledger.note import parse_verifier_key
from openline.ledger.told import split_told
from openline.node.terms import Heard, Terms
from openline.record.findings import Ground, Said

ToldWord = Notice | Acknowledgement | Declaration


class Hearing:
    """Takes entries in the order of the ledger."""

    def __init__(self, manifest: Manifest, terms: Terms) -> None:
        """Nothing heard yet."""
        self._manifest = manifest
        self._terms = terms
        self._told: dict[tuple[str, str, str], int] = {}
        self._latest_ms = 0
        self.said: list[Said] = []
        self.faults: list[tuple[int | None, str]] = []
        self.remarks: list[str] = []
        self.is_drill = manifest.origin.startswith(DRILL_ORIGIN)

    def hear(self, heard: Heard) -> None:
        """Take one entry, or name what is wrong with it."""
        try:
            if heard.event is None:
                self._take_told(heard)
            else:
                self._take_event(heard.index, heard.event)
        except _Unheard as error:
            self.faults.append((heard.index, str(error)))
        except OpenlineError as error:
            self.faults.append((heard.index, f"{error.path}: {error.reason}" if error.path else error.reason))
        except (msgspec.MsgspecError, ValueError) as error:
            self.faults.append((heard.index, f"it cannot be read ({error})"))

    def close(self) -> None:
        """All was heard: see what is shown and by what right."""
        if self.is_drill and not self._manifest.drill:
            self.faults.append((None, "the ledger is a drill's, and the bundle does not say so"))
        party, opened = self._manifest.party, {-1}
        for said in self.said:
            if isinstance(said.word, Disclosed) and said.word.to == party:
                opened.add(said.word.entry)
        for said in self.said:
            of = {said.party, getattr(said.word, "to", ""), getattr(said.word, "party", "")}
            if said.ground is not Ground.NODE and party not in of and said.index not in opened:
                self.remarks.append(
                    f"Entry {said.index} is not of {party}, and no disclosure of it to {party} is shown."
                )

    def _take_event(self, index: int, event: Event) -> None:
        if isinstance(event, NodeStarted):
            self._check_start(event)
        self._add(Said(index=index, at_ms=event.at_ms, party="", ground=Ground.NODE, word=event))

    def _check_start(self, event: NodeStarted) -> None:
        node_key = to_base64(parse_verifier_key(self._manifest.node_key).public_key)
        if (event.origin, event.node_key) != (self._manifest.origin, node_key):
            raise _Unheard("it says that the node started under another origin or key than those of the bundle")
        self.is_drill = self.is_drill or event.is_drill

    def _take_told(self, heard: Heard) -> None:
        time_text, raw = split_told(heard.body)
        at_ms = read_instant(time_text, path="recorded_at")
        envelope = read_envelope(raw)
        if envelope.payload_type == KEY_TYPE:
            return  # the terms have taken it, or named what is wrong with it
        word = self._word(envelope)
        verdict, ground = self._terms.judge(raw, index=heard.index, at_ms=at_ms)
        if verdict.rests is Rests.ON_NOTHING:
            raise _Unheard(verdict.why)
        known = self._told.setdefault((verdict.party, type(word).__name__, word.id), heard.index)
        if known != heard.index:
            raise _Unheard(f"entry {known} tells the same already: this one is a repetition")
        self._add(
            Said(
                index=heard.index,
                at_ms=at_ms,
                party=verdict.party,
                role=verdict.role,
                ground=ground,
                is_agreed=self._is_agreed(word),
                word=word,
            )
        )

    def _is_agreed(self, word: ToldWord) -> bool:
        """A notice is bound to its line by the agreement that it names; the others name what only this line has."""
        if not isinstance(word, Notice):
            return True
        shown = self._terms.shown(word.agreement_id, word.agreement_version, word.party)
        return shown is not None and shown.ground is not Ground.OPERATOR

    def _word(self, envelope: Envelope) -> ToldWord:
        if envelope.payload_type == NOTICE_TYPE:
            return read_notice(envelope.payload, offsets_of=self._terms.offsets_of)
        if envelope.payload_type == ACKNOWLEDGEMENT_TYPE:
            return read_acknowledgement(envelope.payload)
        if envelope.payload_type == DECLARATION_TYPE:
            return read_declaration(envelope.payload)
        raise _Unheard(f"it is of a type that this version does not read ({envelope.payload_type[:100]})")

    def _add(self, said: Said) -> None:
        if said.at_ms < self._latest_ms:
            when, before = to_text(said.at_ms), to_text(self._latest_ms)
            self.remarks.append(
                f"Entry {said.index} says that it was recorded at {when}, after one that says {before}: the node's "
                "clock was set back, or the entry is dated back."
            )
        self._latest_ms = max(self._latest_ms, said.at_ms)
        self.said.append(said)


class _Unheard(Exception):
    """What was shown, and does not count."""
