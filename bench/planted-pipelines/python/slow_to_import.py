"""As a framework whose import takes a while."""

VALUE = 0
for _ in range(60_000_000):
    VALUE ^= 1
