"""Reconstruct, in a checkout. The page itself: mmexplore/app/pages/reconstruct/page.py."""

from mmexplore.app.shell import frame

frame.draw("reconstruct")
