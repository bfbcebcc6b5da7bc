"""Retrieval, in a checkout. The page itself: mmexplore/app/pages/retrieval/page.py."""

from mmexplore.ui import frame

frame.draw("retrieval")
