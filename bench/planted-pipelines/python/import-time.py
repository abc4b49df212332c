# planted: import-time
# needs: nothing
import slow_to_import  # here


def samples():
    return [1, 2]


def predict(x):
    return slow_to_import.VALUE + x
