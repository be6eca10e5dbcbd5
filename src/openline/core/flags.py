"""What the line remarks of a notice that it accepted all the same. Safety information is never turned away."""

from __future__ import annotations

from enum import StrEnum


class FlagCode(StrEnum):
    """Each flag, with what it means. `docs/reference/notice.md` lists them; a test keeps both alike."""

    LATE = "LATE"
    """Told less than the minimum useful lead time before it begins."""
    LEAD_TIME_SHORT = "LEAD_TIME_SHORT"
    """Told later than the agreement asks, but early enough to act."""
    NO_AGREEMENT = "NO_AGREEMENT"
    """The agreement that it names is not in force between its teller and anybody here."""
    VERSION_DIFFERS = "VERSION_DIFFERS"
    """It names another version of its agreement than the one in force, which judges it all the same."""
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    """The agreement judges no pair of this kind; humanitarian objects are judged all the same."""
    OUT_OF_AREA = "OUT_OF_AREA"
    """It lies outside the agreement's area, or wholly above or below it. It is judged all the same."""
    SEQUENCE_GAP = "SEQUENCE_GAP"
    """Its sequence number is not the one after the party's last."""
    PREVIOUS_DIFFERS = "PREVIOUS_DIFFERS"
    """It names another previous notice than the one recorded."""
    OFFSET_ASSUMED = "OFFSET_ASSUMED"
    """A time came without an offset: it is taken as the whole interval that it may mean."""
    REFERENCE_UNKNOWN = "REFERENCE_UNKNOWN"
    """It supersedes or withdraws a notice that is not the teller's, or not in force."""
    NO_COMMON_AGREEMENT = "NO_COMMON_AGREEMENT"
    """It is near something told by somebody with whom its teller has no agreement in force."""
    ALREADY_ENDED = "ALREADY_ENDED"
    """Its window had ended when it was received; it is recorded and judged with nothing."""
    ISSUED_AHEAD = "ISSUED_AHEAD"
    """It says that it was issued later than the node received it: one of the clocks is wrong."""
    CHECKPOINT_DIFFERS = "CHECKPOINT_DIFFERS"
    """The checkpoint that it saw is not one of this ledger. Somebody may have been shown another history."""
    CLASS_UNKNOWN = "CLASS_UNKNOWN"
    """The agreement has no protection radius for its class; the largest is used."""
    KEY_EXPIRED = "KEY_EXPIRED"
    """Its key is valid no longer. It was taken because it is urgent, or answers an alert: sign with a new key."""
    STALE_PRESENCE = "STALE_PRESENCE"
    """Presence under this agreement was not confirmed by its due time. It stays protected."""
