"""``python -m mmexplore`` is the ``mmexplore`` command."""

from mmexplore.cli import main

if __name__ == "__main__":
    main()
