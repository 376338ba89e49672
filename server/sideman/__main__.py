"""`python -m sideman` is `sideman`."""

from .cli import main

main()
