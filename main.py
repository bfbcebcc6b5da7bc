"""What Streamlit runs at every visit and click. The pages are in pages/, what they share in mmexplore/ui/."""

from mmexplore.ui import frame

frame.run()
