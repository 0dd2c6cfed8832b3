"""Fixtures for all tests come from plugins, one per kind of thing."""

pytest_plugins = ["tests.databases", "tests.apps"]
