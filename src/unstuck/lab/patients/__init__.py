"""Virtual patients. The descriptive ones repeat what studies published; they explain nothing and predict no arm."""
