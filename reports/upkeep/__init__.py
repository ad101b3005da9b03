"""What is done with stored records as a whole: choose among them, merge, export, prune."""
