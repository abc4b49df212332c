// What cProfile writes, by hand: a marshalled dictionary, with references reserved as Python 3.4 and later do.

type Value = string | number | readonly Value[]

function bytesOf(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from([0xfa, Buffer.byteLength(value)]), Buffer.from(value)])
  if (typeof value === 'number') {
    const number = Buffer.alloc(Number.isInteger(value) ? 5 : 9)
    number[0] = Number.isInteger(value) ? 0xe9 : 0xe7
    if (Number.isInteger(value)) number.writeInt32LE(value, 1)
    else number.writeDoubleLE(value, 1)
    return number
  }
  return Buffer.concat([Buffer.from([0xa9, value.length]), ...value.map(bytesOf)])
}

/** Pairs of a key and a value. */
export function marshalled(pairs: readonly (readonly [Value, Value])[]): Buffer {
  return Buffer.concat([Buffer.from([0xfb]), ...pairs.flatMap((pair) => pair.map(bytesOf)), Buffer.from('0')])
}
