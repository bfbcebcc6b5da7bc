"""Streamlit: the workspace in session state, widgets, the job view."""
