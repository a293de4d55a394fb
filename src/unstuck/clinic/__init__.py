"""Place and record: the Django project that runs a released protocol for real people. Never imports the lab."""
