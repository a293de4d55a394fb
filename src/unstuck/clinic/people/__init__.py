"""Who works here and who is treated: accounts, roles, access, and the only table with identifying data."""
