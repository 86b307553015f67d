"""The feed of the Shadowserver Foundation: daily CSV reports, one type a file.

What each type means is data, in reports.toml; `report.py` ties the steps together.
"""

from baken.feeds.shadowserver.report import ShadowserverFeed, ShadowserverReport
from baken.feeds.shadowserver.report_table import ReportTable, ReportType, report_table

__all__ = ["ReportTable", "ReportType", "ShadowserverFeed", "ShadowserverReport", "report_table"]
