"""Run by Streamlit at every visit and click. Beside it is no folder `pages`, which Streamlit would take for its own."""

from mmexplore.app.shell import frame

frame.run()
