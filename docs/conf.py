"""How Sphinx builds the documentation. `make docs` treats every warning as an error."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Openline"
author = "the Openline authors"
project_copyright = author
version = release = _PROJECT["version"]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist", "substitution"]
myst_heading_anchors = 3

nitpicky = True
exclude_patterns = ["_build"]

# A folder of pages may be empty while it is being written. Sphinx gives this one warning no type to suppress it by.
logging.getLogger("sphinx.sphinx.directives.other").addFilter(lambda record: "glob pattern" not in str(record.msg))

html_theme = "furo"
html_title = f"Openline {version}"
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
