"""What holds for every test: Hypothesis sets no time, neither for a test nor for making its examples.

A busy machine is slow and not wrong. A test that names health checks of its own must name `too_slow` among them.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "unstuck",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unstuck")
