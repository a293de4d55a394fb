"""The audit page: every entry of the ledger as a sentence, and whether the ledger is as it was written."""
