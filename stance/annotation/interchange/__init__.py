"""Files of the tools that people label in, and tables: written from annotations, and read back into them."""
