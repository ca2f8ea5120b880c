"""Reports in the formats of other tools: SARIF, JUnit, GitLab's Code Quality and its plan widget."""
