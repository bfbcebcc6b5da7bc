"""Compare, in a checkout. The page itself: mmexplore/app/pages/compare/page.py."""

from mmexplore.app.shell import frame

frame.draw("compare")
