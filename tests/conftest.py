"""What holds for every test: Hypothesis has no deadline, because a busy machine is slow and not wrong."""

from hypothesis import settings

settings.register_profile("unstuck", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("unstuck")
