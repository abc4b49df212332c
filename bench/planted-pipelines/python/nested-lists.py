# planted: layout-shuffle
# needs: nothing
class Image:
    def __init__(self, k):
        self.pixels = [[[(y * x * k + c) % 256 for c in range(3)] for x in range(120)] for y in range(120)]


def samples():
    return [Image(1), Image(2)]


def preprocess(image):
    return [[[image.pixels[y][x][c] for x in range(120)] for y in range(120)] for c in range(3)]  # here


def predict(planes):
    return planes[0][0][0]
