"""What a visitor has on the server: the session, its room, results kept for later."""
