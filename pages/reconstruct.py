"""Reconstruct, in a checkout. The page itself: mmexplore/app/pages/reconstruct/page.py."""

from mmexplore.ui import frame

frame.draw("reconstruct")
