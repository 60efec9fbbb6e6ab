"""A local web page and a JSON API; needs ``stance-kit[serve]``."""
