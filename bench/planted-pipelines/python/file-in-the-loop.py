# planted: file-in-the-loop
# needs: nothing
import os
import tempfile

path = os.path.join(tempfile.gettempdir(), "whyslow-planted-vocabulary.txt")
with open(path, "w") as file:
    file.write("\n".join("word%d" % i for i in range(60_000)))


def samples():
    return ["word7", "word9"]


def predict(word):
    with open(path) as file:  # here
        words = file.read().split()  # or here
    return len(words) + len(word)
