"""`python -m quietwatch`."""

from quietwatch.cli import main

main()
