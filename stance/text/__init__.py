"""Reading documents, repairing them in a shadow copy, cutting them into blocks."""
