"""The report for readers: the page, the appendix, tables, plots to explore."""
