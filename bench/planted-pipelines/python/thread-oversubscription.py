# planted: thread-oversubscription
# needs: nothing
import hashlib
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(24)  # here


def samples():
    return [b"x" * 400_000]


def digest(part):
    return hashlib.sha256(part * 5).digest()


def predict(data):
    return list(pool.map(digest, [data] * 48))
