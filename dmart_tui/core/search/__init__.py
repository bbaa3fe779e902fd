"""Search: one query language, its engine over the local index and its engine over RediSearch."""
