"""The user's files: read strictly, checked whole, every fault told with its place."""
