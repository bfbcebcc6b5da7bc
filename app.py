"""mmexplore in the browser: `streamlit run app.py`. What each visit runs is main.py."""

import streamlit as st

from mmexplore.ui import take_away

app = st.App("main.py", routes=take_away.routes())
