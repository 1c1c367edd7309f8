"""The list of demands on an extension, by what they are about. Imported once Thrift is known to be there."""
