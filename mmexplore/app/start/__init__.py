"""How the app is started: its settings, the server, and the file that Streamlit runs."""
