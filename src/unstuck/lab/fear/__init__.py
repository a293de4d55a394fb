"""How fear is learned, kept, lost and found again: a family of learners behind one interface (`base`).

`latent_causes` is the recommended member and the yardstick of `kernel`, its fast path; `associative` (Rescorla-Wagner
with Pearce-Hall) and `published` (Gershman and others 2017) let a conclusion be checked against the choice of model.
`schedule` writes laboratory histories, `channels` says how a drug's effect signals reach a learner, `phenomena` holds a
learner to published experiments. Knows neither drugs nor doses: signals come in as arrays. NumPy only, `kernel` apart.
"""
