"""`python -m openline`."""

from openline.app.cli import app

app()
