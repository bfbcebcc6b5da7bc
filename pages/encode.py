"""Encode, in a checkout. The page itself: mmexplore/app/pages/encode/page.py."""

from mmexplore.app.shell import frame

frame.draw("encode")
