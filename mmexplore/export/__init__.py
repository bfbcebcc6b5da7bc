"""A workspace, or one explained item, as one HTML page; a workspace as the script that recreates it."""
