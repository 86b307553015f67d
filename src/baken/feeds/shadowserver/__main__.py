"""Print the reference page of the report types: the source of docs/reference/shadowserver.md."""

import sys

from baken.feeds.shadowserver.report_table import as_markdown, report_table

sys.stdout.write(as_markdown(report_table()))
