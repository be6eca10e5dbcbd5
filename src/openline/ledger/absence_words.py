"""What a proof of absence shows, in plain words; and, as plainly, what it does not show."""

from __future__ import annotations

from openline.core.time import to_text
from openline.ledger.absence import Absence, Verdict

_REST = (
    "Not proven: that nothing was handed in and left unrecorded; whoever handed it in has a receipt. Nor that the node "
    "keeps the channel only once; who told over it holds the proof to the contrary."
)


def sentences(found: Absence) -> tuple[str, ...]:
    """The verdict first, then what it rests on, then what is not proven."""
    what = ", ".join(sorted(kind.value for kind in found.kinds)) or "anything"
    where = f"on {found.channel}, entries {found.start} to {found.end - 1}"
    if found.verdict is Verdict.RECORD:
        named = ", ".join(f"{entry.index} ({entry.what}, recorded {entry.recorded_at})" for entry in found.records)
        return (f"There is a record{f' of {what}' if found.kinds else ''} {where}: {named}.", *_reasons(found))
    if found.verdict is Verdict.NOT_PROVABLE:
        return (f"No record of {what} is shown {where}, and that proves nothing.", *_reasons(found))
    said = f"No record, complete: {found.sender} told {_nothing(what)} {where}."
    return (said, _looked_at(found), *_time(found), _REST)


def _nothing(what: str) -> str:
    return "nothing" if what == "anything" else f"nothing of the kind {what}"


def _looked_at(found: Absence) -> str:
    said = "By the agreement no other line counts for it."
    if not found.entries:
        return f"{said} No entry of the range is the channel's, and every leaf was looked at."
    return (
        f"{said} Entries of the channel in the range: {len(found.entries)}, each opened, their serials without a gap."
    )


def _reasons(found: Absence) -> tuple[str, ...]:
    return tuple(f"{reason[0].upper()}{reason[1:]}." for reason in found.reasons)


def _time(found: Absence) -> tuple[str, ...]:
    if found.from_ms is None or found.until_ms is None:
        return ("No two witnessed times enclose the range: only its entries are proven, not when they were recorded.",)
    since, until = to_text(found.from_ms), to_text(found.until_ms)
    return (f"Whatever witnesses saw by {until} and had not seen by {since} lies in the range.",)
