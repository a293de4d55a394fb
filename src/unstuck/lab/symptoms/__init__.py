"""From a state of mind to what questionnaires and raters say, with the noise that published retests show."""
