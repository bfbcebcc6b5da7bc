"""The app in the browser: its pages, the list of them, and how it is started (`mmexplore app`)."""
