"""Live tracks: predicted closest approach of every pair, and of tracks and volumes, within a look-ahead.

Nothing here knows a feed. Positions come as columns (`reports`), move along geodesics (`motion`), and are compared with
each other (`pairs`) and with volumes (`crossings`). Each search has a compiled and a plain form that share their
formulas and give the same answers to the last bit; `warming.warm` compiles everything before the first request.
"""
