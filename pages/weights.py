"""Weights, in a checkout. The page itself: mmexplore/app/pages/weights/page.py."""

from mmexplore.app.shell import frame

frame.draw("weights")
