"""What the bench of the ledger is made of: made-up ledgers, appending with peers, proving, receipts, the page."""
