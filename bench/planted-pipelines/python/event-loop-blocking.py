# planted: event-loop-blocking
# needs: nothing
import time


def samples():
    return [[k / 3 for k in range(2000)] for _ in range(4)]


async def predict(x):
    time.sleep(0.02)  # here
    return sum(x)
