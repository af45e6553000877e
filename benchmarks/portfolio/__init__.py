"""The list of designs for images that a fit tries first, chosen by what candidates reached on other data."""
