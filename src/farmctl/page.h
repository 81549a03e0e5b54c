/* page - page.html, as embed.py made it. */
#pragma once

extern const char page_html[];
