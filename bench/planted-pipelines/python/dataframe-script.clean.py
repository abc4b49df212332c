# clean: dataframe-conversion
# needs: pandas
import pandas as pd


class Row:
    def __init__(self, values):
        self.values = values


def main():
    row = Row(dict.fromkeys(map(str, range(60_000)), 1.0))
    frame = pd.DataFrame([row.values] * 4)
    total = 0
    for _ in range(2_000_000):
        total += len(row.values)
    return total + frame.size


print(main())
