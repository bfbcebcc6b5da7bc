"""Data, in a checkout. The page itself: mmexplore/app/pages/data/page.py."""

from mmexplore.app.shell import frame

frame.draw("data")
