"""A second implementation of the v-secure vault format, written from docs/format.md alone.

It shares no code with the Rust program, and its author did not read that program: where the two
agree, the document says enough.
"""
