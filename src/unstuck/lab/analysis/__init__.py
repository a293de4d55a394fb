"""Statistics of courses and trials: clinic courses, simulated trials and anybody's table go through the same calls."""
