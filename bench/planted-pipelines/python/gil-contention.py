# planted: gil-contention
# needs: nothing
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(4)


def samples():
    return [list(range(8))]


def work(number):
    state = number
    for _ in range(20_000):  # here
        state = (state * 1103515245 + 12345) % 2147483648  # or here
    return state


def predict(numbers):
    return list(pool.map(work, numbers))
