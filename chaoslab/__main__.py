"""``python -m chaoslab`` is the command ``chaoslab``."""

from chaoslab.cli.main import main

if __name__ == "__main__":
    main()
