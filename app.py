"""mmexplore in the browser, from a checkout: `streamlit run app.py`. The app itself is mmexplore/app/."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is None:  # read by the server, once, at its start: what it serves
    from mmexplore.app.shell import take_away

    app = st.App("app.py", routes=take_away.routes())
else:  # run at every visit and click
    from mmexplore.app.shell import frame

    frame.run()
