"""Label data as files, and the only reader of them."""
