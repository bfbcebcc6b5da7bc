"""What stands around every page: session, jobs, navigation."""
