"""Files of params, and the values of keys in them."""
