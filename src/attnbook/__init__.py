"""The reference package of the course: small modules that the chapters import and show.

Row vectors; axes in the order ``(batch, head, query, key)``; a mask is boolean and
True means "may attend". Import from the modules: ``from attnbook.attention import
attention_weights``.
"""
