"""What the drug does, from its concentration in arterial plasma on; knows no pharmacokinetics and needs NumPy only.

`parameters` reads the figures, `people` draws persons around them, `acute` gives occupancy, dissociation, sedation and
circulation, `plasticity` the hypothesis on what follows. `kernel` is the fast path and needs Numba.
"""
