"""Room 6: alerts delivered, acknowledged, escalated, closed.

This room sees ids, times and words. It cannot leak a place, because it may not import one.
"""
