"""Networks for tables: encoded numbers and categories in, answers out."""
