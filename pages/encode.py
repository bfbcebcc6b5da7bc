"""Encode, in a checkout. The page itself: mmexplore/app/pages/encode/page.py."""

from mmexplore.ui import frame

frame.draw("encode")
