# clean: thread-oversubscription
# needs: nothing
import hashlib


def samples():
    return [b"x" * 400_000]


def digest(part):
    return hashlib.sha256(part * 5).digest()


def predict(data):
    return digest(data)
