"""Any torch module as a task, and what is certified of small ones."""
