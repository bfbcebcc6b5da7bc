"""mmexplore in the browser: `streamlit run app.py`. Lists the pages; everything else is in pages/ and mmexplore/ui/."""

import streamlit as st

from mmexplore.ui import jobs_view, opening, session, sidebar

st.set_page_config(page_title="mmexplore", page_icon=sidebar.ICON, layout="wide")

page = st.navigation(
    {
        "Explore": [
            st.Page("pages/data.py", title="Data", default=True),
            st.Page("pages/encode.py", title="Encode"),
            st.Page("pages/fuse.py", title="Fuse"),
            st.Page("pages/weights.py", title="Weights"),
            st.Page("pages/latent_space.py", title="Latent space"),
            st.Page("pages/retrieval.py", title="Retrieval"),
        ],
    }
)
session.start(page.title)
opening.first_run()
jobs_view.collect()
sidebar.show()
jobs_view.show()
page.run()
