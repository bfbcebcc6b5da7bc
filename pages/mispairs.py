"""Mispairs, in a checkout. The page itself: mmexplore/app/pages/mispairs/page.py."""

from mmexplore.ui import frame

frame.draw("mispairs")
