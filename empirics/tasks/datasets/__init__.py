"""Data from files and from scikit-learn, and how it is dealt to agents."""
