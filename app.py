"""mmexplore in the browser: `streamlit run app.py`. The pages are in pages/, what they share in mmexplore/ui/."""

from mmexplore.ui import frame

frame.run()
