"""The doors to other machines: HTTP (`http`) and mail (`smtp`). Nothing else in the product opens a socket to them."""
