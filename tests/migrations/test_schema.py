from __future__ import annotations
from monitor.store import schema
from monitor.store.engine import open_store
def test_x(empty_url):
    s = open_store(empty_url)
    schema.upgrade(s)
    assert schema.differences(s) == []
    s.close()
def test_y(store):
    assert schema.differences(store) == []
