"""Mispairs, in a checkout. The page itself: mmexplore/app/pages/mispairs/page.py."""

from mmexplore.app.shell import frame

frame.draw("mispairs")
