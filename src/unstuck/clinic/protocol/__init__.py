"""The protocol library of a site: what is on the shelf, and which versions somebody signed for use."""
