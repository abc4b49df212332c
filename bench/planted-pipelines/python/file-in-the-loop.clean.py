# clean: file-in-the-loop
# needs: nothing
import os
import tempfile

path = os.path.join(tempfile.gettempdir(), "whyslow-planted-vocabulary.txt")
with open(path, "w") as file:
    file.write("\n".join("word%d" % i for i in range(60_000)))


def load():
    with open(path) as file:
        return file.read().split()


def samples():
    return ["word7", "word9"]


def predict(words, word):
    return sum(len(one) for one in words if one is not word)
