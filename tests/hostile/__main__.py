"""`make docs`: writes the page of the hostile gateway anew from its table."""

from __future__ import annotations

from hostile.page import PAGE, write_page

PAGE.write_text(write_page(), "utf-8")
