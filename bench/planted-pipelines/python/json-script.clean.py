# clean: json-in-the-loop
# needs: nothing
import json


def main():
    numbers = json.loads(json.dumps([i / 7 for i in range(1_000_000)]))
    return sum(sum(numbers) for _ in range(20))


print(main())
