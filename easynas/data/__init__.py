"""From what the user gives to what a worker trains on: ingest, split, store, feed."""
