"""Which stories a reader has not been told yet, and the mail that tells them."""
