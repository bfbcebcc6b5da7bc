"""Numbers -> plotly figures; pure functions, no Streamlit, no fitting."""
