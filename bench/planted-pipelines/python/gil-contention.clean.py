# clean: gil-contention
# needs: nothing
def samples():
    return [list(range(8))]


def work(number):
    state = number
    for _ in range(20_000):
        state = (state * 1103515245 + 12345) % 2147483648
    return state


def predict(numbers):
    return [work(number) for number in numbers]
