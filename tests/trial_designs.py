"""Small trial designs for tests: one sound text, and changes to it."""

from unstuck.core.trial_file import parse_design

SMALL = """
key = "small"
version = "1"
title = "A small trial"
question = "Does it work?"
size = 12
outcome = "caps5"
alpha = 0.05
per_month = 4

[[arm]]
key = "ketamine"
title = "Six infusions"
protocol = "feder_2021"
protocol_arm = "ketamine"
effect = "feder_2021:ketamine"
believes = {value = 0.85, source = "author", grade = "assumed"}

[[arm]]
key = "midazolam"
title = "Six controls"
protocol = "feder_2021"
protocol_arm = "midazolam"
effect = "feder_2021:midazolam"
control = true
believes = {value = 0.35, source = "author", grade = "assumed"}

[[visit]]
key = "week_1"
day = 7
before = 1
after = 2

[[visit]]
key = "week_2"
day = 14
before = 2
after = 3

[allocation]
block = 4
strata = ["site", "veteran"]

[[site]]
key = "one"
share = 2.0
therapists = 2

[[site]]
key = "two"

[clustering]
site_sd = {value = 2.0, source = "author", grade = "assumed"}
therapist_sd = {value = 1.5, source = "author", grade = "assumed"}

[patients]
veteran = 0.4
veteran_points = {value = 3.0, low = 0.0, high = 6.0, source = "author", grade = "assumed"}

[unblinding]
points = {value = -4.0, low = -8.0, high = 0.0, source = "author", grade = "assumed"}

[estimand]
population = "All who began."
summary = "Difference in means."
strategies = {left_study = "hypothetical", stopped_treatment = "treatment_policy", believed_arm = "treatment_policy"}

[[analysis]]
key = "change"
method = "mmrm"
primary = true

[[analysis]]
key = "response"
method = "responder"
fall_percent = 30
"""


def small(*changes):
    """The small design after replacing texts in it, each change a pair of old and new."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_design(text, "small.toml")
