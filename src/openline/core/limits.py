"""Every limit on what may be sent, in one place. `docs/reference/notice.md` quotes them; a test keeps both alike."""

from __future__ import annotations

from openline.core.time import DAY_MS

BODY_MAX_BYTES = 1 << 20
"""Largest envelope, 1 MiB."""
EMPTY_BODY_MAX_BYTES = 1 << 10
"""Largest body where none is asked for: what some clients send all the same."""
ATTACHMENTS_MAX = 16
"""Attachments of one notice. Each, with its salt, is as long as an envelope at most."""
VOLUMES_MAX = 100
"""Volumes of one notice, hazard volumes included."""
VERTICES_MAX = 2_000
"""Vertices of one outline, all rings together."""
RADIUS_MAX_M = 1_000_000.0
"""Largest radius of a circle, half width of a corridor or uncertainty, metres."""
WINDOW_MAX_MS = 366 * DAY_MS
"""Longest window of an air activity."""
ALTITUDE_MIN_M = -1_000.0
"""Lowest altitude, metres by any datum."""
ALTITUDE_MAX_M = 100_000.0
"""Highest altitude, metres by any datum; above it say UNL."""
TEXT_MAX_CHARS = 500
"""Longest free text field."""
NAME_MAX_CHARS = 100
"""Longest identifier or name."""
SEQUENCE_MAX = 2**53 - 1
"""Largest sequence number (every JSON reader keeps it exactly)."""
EARLIEST_MS = 0
"""No time lies before 1970-01-01T00:00:00Z."""
LATEST_MS = 4_102_444_800_000
"""No time lies after 2100-01-01T00:00:00Z; leave the end out for a window that has none."""
