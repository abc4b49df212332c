# planted: garbage-collection
# needs: nothing
class Node:
    def __init__(self, value):
        self.value = value
        self.own = self


kept = [Node(i) for i in range(60_000)]


def samples():
    return [3_000]


def predict(count):
    return sum(Node(i).value for i in range(count))  # here
