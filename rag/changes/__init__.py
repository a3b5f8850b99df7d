"""What changed between two texts of one document: START HERE. Aligned by what articles say, not by their numbers. Pure.

diff = compare(old, new)        # renumbered, modified, new, removed articles, in the order of the new text
apply(old, diff) == new         # a diff holds all that is new, and nothing of what stayed
"""

from rag.changes.diffing import Change, Diff, Edit, Kind, apply, compare, counts, edited
from rag.changes.units import Unit, units

__all__ = ["Change", "Diff", "Edit", "Kind", "Unit", "apply", "compare", "counts", "edited", "units"]
