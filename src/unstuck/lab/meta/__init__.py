"""Evidence synthesis: effect sizes, pooling, what differs between studies, and how far it can be trusted."""
