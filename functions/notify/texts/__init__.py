"""The words of notices, one file a language: what `functions/notify/words.py` reads."""
