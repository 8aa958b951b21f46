"""HTML pages made of templates beside the modules that fill them."""

from typing import Any

import jinja2


def html_page(template: str, **shown: Any) -> bytes:
    """The page of a template, given by its path in `rackfocus.evaluation`, with what is `shown`."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rackfocus.evaluation", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(template).render(**shown).encode()
