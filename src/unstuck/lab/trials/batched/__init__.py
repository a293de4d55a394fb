"""The batched simulator: a second spelling of protocol and patient, over arrays of people who move in lockstep."""
