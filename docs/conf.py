"""How Sphinx builds these pages: `make docs-build`. Warnings are errors, and nothing is fetched."""

from importlib.metadata import version as version_of

from sphinx.application import Sphinx

project = "nusinersen-cds"
version = release = version_of(project)
author = "the authors of nusinersen-cds"
project_copyright = "%Y, the authors of nusinersen-cds"

extensions = ["myst_parser"]
exclude_patterns = ["_static"]
nitpicky = True
# Two hyphens before an option are two hyphens.
smartquotes = False
# GitHub gives headings the same anchors, so that a link works in the repository and on the site.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
# Made-up hosts and addresses of this machine stand in text; only what is written as a link is one.
myst_linkify_fuzzy_links = False

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_js_files = ["pages.js"]
html_copy_source = False
html_show_sourcelink = False
# No highlighting where the language is not named: JSON with "..." in it, and commands with their output.
highlight_language = "none"

ON_THE_SITE = {"cds/regimens/CLARIFICATIONS.md": "clarifications.md", "README.md": "index.md"}
"""Pages that stand elsewhere in the repository, and the page of the site that is the same."""


def _lead_to_the_site(_: Sphinx, page: str, source: list[str]) -> None:
    up = "../" * page.count("/")
    for elsewhere, here in ON_THE_SITE.items():
        source[0] = source[0].replace(f"]({up}../{elsewhere}", f"]({up}{here}")


def setup(app: Sphinx) -> None:
    """What Sphinx calls first."""
    app.connect("source-read", _lead_to_the_site)
