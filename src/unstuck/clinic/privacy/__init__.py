"""Opening a record past the rules in an emergency, unmasking an arm, and erasing a person."""
