"""Weights, in a checkout. The page itself: mmexplore/app/pages/weights/page.py."""

from mmexplore.ui import frame

frame.draw("weights")
