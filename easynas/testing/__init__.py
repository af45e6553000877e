"""Fakes and contracts for everybody who extends easynas, and for its own tests."""
