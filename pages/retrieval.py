"""Retrieval, in a checkout. The page itself: mmexplore/app/pages/retrieval/page.py."""

from mmexplore.app.shell import frame

frame.draw("retrieval")
