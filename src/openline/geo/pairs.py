"""Bounds of the straight-line distance between pieces of geodesics, from the distance between their chords.

Derivation. Let x and y be points of two pieces, x' and y' the points of the chords at the same fractions of their
lengths, v = x - y, c = |v|, c' = |x' - y'|, R = RADIUS_MIN_M. A geodesic's acceleration is along the surface's normal
N, so s = x - x' is a positive combination of the normals along the piece and |s| <= S = L^2 / 8R, L its length.
A ball of radius R rolls inside the ellipsoid, hence 0 <= N(x).v <= c^2 / 2R; and N turns by at most 1 / R per metre, so
that |s.v| <= S c^2 / 2R + c T / R^2, where T is the integral of Green's function of linear interpolation times the
distance from x; it is largest at the middle, L^3 / 48. With W = Sx + Sy, k = W / R and F = (Lx^3 + Ly^3) / 48 R^2,

    c'^2 = |v - (sx - sy)|^2  lies between  c^2 (1 - k) - 2 c F  and  c^2 (1 + k) + 2 c F + W^2,

so that  sqrt((c'^2 - W^2) / (1 + k)) - F  <=  c  <=  c' / sqrt(1 - k) + 2 F / (1 - k).
"""

from __future__ import annotations

import numpy as np

from openline.geo.ellipsoid import RADIUS_MIN_M, Floats
from openline.geo.pieces import Indexes, Pieces

_LEAST = 1e-200
"""Stands for 0 where it would divide: no quotient of metres overflows."""


def chord_distance_m(first: Pieces, which: Indexes, second: Pieces, other: Indexes) -> Floats:
    """Distance between chord `which[i]` of `first` and chord `other[i]` of `second`, metres; exact but for rounding.

    The squared distance is a convex quadratic form of the two fractions: its least value on the unit square lies at
    the stationary point, or on one of the four sides. All five are tried, so nothing hangs on a test for parallels.
    Rounding errs by at most 4e-8 of the longer chord, and only where that is longer than the distance.
    """
    along, across = first.chord[which], second.chord[other]
    apart = first.start[which] - second.start[other]
    aa = np.einsum("ij,ij->i", along, along)
    bb = np.einsum("ij,ij->i", across, across)
    ab = np.einsum("ij,ij->i", along, across)
    ra = np.einsum("ij,ij->i", apart, along)
    rb = np.einsum("ij,ij->i", apart, across)
    rr = np.einsum("ij,ij->i", apart, apart)
    aa_safe, bb_safe = np.maximum(aa, _LEAST), np.maximum(bb, _LEAST)
    determinant = np.maximum(aa * bb - ab * ab, _LEAST)
    s, t = np.zeros((5, len(aa))), np.zeros((5, len(aa)))
    s[1], t[3] = 1.0, 1.0
    t[0] = rb / bb_safe
    t[1] = (rb + ab) / bb_safe
    s[2] = -ra / aa_safe
    s[3] = (ab - ra) / aa_safe
    s[4] = (ab * rb - bb * ra) / determinant
    t[4] = (aa * rb - ab * ra) / determinant
    np.clip(s, 0.0, 1.0, out=s)
    np.clip(t, 0.0, 1.0, out=t)
    squared = s * (aa * s + 2.0 * (ra - ab * t)) + t * (bb * t - 2.0 * rb)
    least: Floats = np.sqrt(np.maximum(rr + squared.min(axis=0), 0.0))
    return least


def distance_bounds_m(first: Pieces, which: Indexes, second: Pieces, other: Indexes) -> tuple[Floats, Floats]:
    """Lower and upper bound of the straight-line distance between the pieces of each pair, metres."""
    chords = chord_distance_m(first, which, second, other)
    sagitta, sagitta_other = first.sagitta_m(), second.sagitta_m()
    slack = (sagitta * first.length_m)[which] + (sagitta_other * second.length_m)[other]
    slack *= 1.0 / (6.0 * RADIUS_MIN_M)
    dip = sagitta[which] + sagitta_other[other]
    bend = dip * (1.0 / RADIUS_MIN_M)
    lower = np.sqrt(np.maximum(chords * chords - dip * dip, 0.0) / (1.0 + bend)) - slack
    upper = chords / np.sqrt(1.0 - bend) + 2.0 * slack / (1.0 - bend)
    return lower, upper
