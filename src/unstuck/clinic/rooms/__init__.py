"""The chairs and rooms of the site, as people call them."""
