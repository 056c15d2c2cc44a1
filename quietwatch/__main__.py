"""`python -m quietwatch`."""

from quietwatch.cli import main

if __name__ == "__main__":
    main()
