"""Fuse, in a checkout. The page itself: mmexplore/app/pages/fuse/page.py."""

from mmexplore.ui import frame

frame.draw("fuse")
