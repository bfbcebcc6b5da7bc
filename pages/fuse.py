"""Fuse, in a checkout. The page itself: mmexplore/app/pages/fuse/page.py."""

from mmexplore.app.shell import frame

frame.draw("fuse")
