"""`python -m easynas`: the command line."""

from easynas.cli import main

main()
