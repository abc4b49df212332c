# clean: event-loop-blocking
# needs: nothing
import asyncio


def samples():
    return [[k / 3 for k in range(2000)] for _ in range(4)]


async def predict(x):
    await asyncio.sleep(0.02)
    return sum(x)
