"""Streamlit's settings for the app: config.toml, which nobody's own files can change, and what a proxy needs."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

#: the one source; `.streamlit/config.toml`, which `streamlit run app.py` reads in a checkout, is a copy
FILE = Path(__file__).with_name("config.toml")
#: Streamlit's variables for a server behind a proxy: `streamlit run` reads all there are, `st.App.run` none
PROXY = {
    "STREAMLIT_BROWSER_SERVER_ADDRESS": "browser.serverAddress",
    "STREAMLIT_SERVER_BASE_URL_PATH": "server.baseUrlPath",
    "STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS": "server.corsAllowedOrigins",
}


def settings() -> dict[str, Any]:
    """Option -> value of config.toml, as `st.App.run` takes them: {"server.enableCORS": True, ...}."""
    return _options(tomllib.loads(FILE.read_text(encoding="utf-8")))


def _options(table: dict[str, Any], beginning: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        found |= _options(value, f"{beginning}{name}.") if isinstance(value, dict) else {f"{beginning}{name}": value}
    return found


def behind_a_proxy() -> dict[str, Any]:
    """Option -> value of the variables in PROXY that are set; several origins are separated by spaces."""
    given = {option: os.environ[name] for name, option in PROXY.items() if os.environ.get(name)}
    return {o: text.split() if o == "server.corsAllowedOrigins" else text for o, text in given.items()}
