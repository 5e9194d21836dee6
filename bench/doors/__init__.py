"""The functions we measure ourselves against, as somebody would write them who only wants the one thing done."""
