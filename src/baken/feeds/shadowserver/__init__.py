"""The feed of the Shadowserver Foundation: daily CSV reports, one type a file.

What each type means is data, in reports.toml; `report.py` ties the steps together, and `feed.py`
says what others must know of the feed.
"""

from baken.feeds.shadowserver.feed import ShadowserverFeed
from baken.feeds.shadowserver.report import ShadowserverReport
from baken.feeds.shadowserver.report_table import ReportTable, ReportType, report_table

__all__ = ["ReportTable", "ReportType", "ShadowserverFeed", "ShadowserverReport", "report_table"]
