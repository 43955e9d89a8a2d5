"""Sphinx's settings for the site."""
from pathlib import Path

project = html_title = "Networks by hand"
extensions = ["myst_nb", "sphinx.ext.mathjax"]
html_theme = "furo"
html_static_path = [str(Path(__file__).parent.parent / "build" / "source" / "_static")]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = html_show_sourcelink = html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
nb_execution_mode = "off"            # pages show the stored outputs
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 2
suppress_warnings = ["mystnb.unknown_mime_type"]
# One file that draws formulas as SVG: no fonts to fetch. Its menu would fetch more.
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}
