"""The one conductor: it alone calls the rooms, in their order, and writes before it speaks."""
