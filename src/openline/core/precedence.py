"""The four precedences of hotline traffic, in the field's order (ACP 121)."""

from __future__ import annotations

from enum import IntEnum


class Precedence(IntEnum):
    """Order of traffic: a larger value goes first."""

    ROUTINE = 0
    PRIORITY = 1
    IMMEDIATE = 2
    FLASH = 3
