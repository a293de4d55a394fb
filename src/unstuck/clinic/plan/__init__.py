"""Today's board: who needs somebody next."""
