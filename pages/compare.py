"""Compare, in a checkout. The page itself: mmexplore/app/pages/compare/page.py."""

from mmexplore.ui import frame

frame.draw("compare")
