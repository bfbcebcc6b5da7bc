"""Data, in a checkout. The page itself: mmexplore/app/pages/data/page.py."""

from mmexplore.ui import frame

frame.draw("data")
