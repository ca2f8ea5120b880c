"""The report of access as one HTML page: data, and the scripts and styles that show it."""
