"""Virtual trials: a design's replicates simulated twice over, analysed, counted and told with their honest limits."""
