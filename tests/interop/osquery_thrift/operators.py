"""Codes of the operators in a query's context: osquery's own, and those of SQLite that come through."""
EQ, GT, LE, LT, GE, MATCH, LIKE, GLOB, REGEXP = 2, 4, 8, 16, 32, 64, 65, 66, 67
NE, ISNOT, ISNOTNULL, ISNULL, IS, LIMIT, OFFSET, FUNCTION = 68, 69, 70, 71, 72, 73, 74, 150
