"""Print the reference page of the settings."""

from __future__ import annotations

import sys

from baken.settings.environment import VARIABLES
from baken.settings.reference import settings_page

sys.stdout.write(settings_page(VARIABLES))
