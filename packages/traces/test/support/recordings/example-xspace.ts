// An XSpace, by hand, as its .proto says.

function varint(value: bigint | number): Buffer {
  const bytes: number[] = []
  for (let rest = BigInt(value); ; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    if (rest <= 0x7fn) return Buffer.from(bytes)
  }
}

export const message = (field: number, content: Buffer): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(content.length), content])
export const number = (field: number, value: bigint | number): Buffer => Buffer.concat([varint(field * 8), varint(value)])
export const text = (field: number, value: string): Buffer => message(field, Buffer.from(value))

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varint(field * 8 + 1), bytes])
}

/** Events as [metadata, offset in ps, duration in ps]. */
export const line = (name: string, startNs: bigint, events: readonly (readonly [number, number, number])[]): Buffer =>
  Buffer.concat([
    number(1, 1),
    text(2, name),
    number(3, startNs),
    ...events.map(([metadata, offset, duration]) =>
      message(4, Buffer.concat([number(1, metadata), number(2, offset), number(3, duration)])),
    ),
  ])

interface Parts {
  readonly lines: readonly Buffer[]
  readonly events: Readonly<Record<number, string>>
  readonly numbers?: Readonly<Record<string, number>>
}

export function plane(name: string, { lines, events, numbers = {} }: Parts): Buffer {
  const stats = Object.entries(numbers)
  return Buffer.concat([
    text(2, name),
    ...lines.map((one) => message(3, one)),
    ...Object.entries(events).map(([id, told]) =>
      message(4, Buffer.concat([number(1, Number(id)), message(2, Buffer.concat([number(1, Number(id)), text(2, told)]))])),
    ),
    ...stats.map(([told], at) =>
      message(5, Buffer.concat([number(1, at + 1), message(2, Buffer.concat([number(1, at + 1), text(2, told)]))])),
    ),
    ...stats.map(([, value], at) => message(6, Buffer.concat([number(1, at + 1), double(2, value)]))),
  ])
}

export const space = (planes: readonly Buffer[]): Buffer => Buffer.concat(planes.map((one) => message(1, one)))
