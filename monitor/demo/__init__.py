"""A small world to try the product in: a newsroom served on loopback, a clock that can jump, a mailbox."""
