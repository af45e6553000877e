"""What holds for all tests."""

from hypothesis import settings

# A busy machine is slow for a moment now and then; what takes too long always is caught by pytest's timeout.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
