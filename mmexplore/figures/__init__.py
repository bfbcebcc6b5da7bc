"""Numbers -> plotly figures; pure functions, no Streamlit, no fitting."""

from mmexplore.optional import require

require("plotly", "app", "a figure")
