"""The rules of screening that this site has signed."""
