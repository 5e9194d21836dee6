"""Room import_publish: files of products from upload to the live catalogue, and back again."""
