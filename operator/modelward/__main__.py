"""`python -m modelward`."""

import sys

from modelward.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
