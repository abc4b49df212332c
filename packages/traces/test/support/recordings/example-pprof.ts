// A profile of pprof, by hand, as its profile.proto says.
import { message, number, text } from './example-xspace.ts'

interface Parts {
  /** Type and unit of each value. */
  readonly types: readonly (readonly [string, string])[]
  /** Stacks, leaf first: each location its functions, what was inlined first. Values in the order of `types`. */
  readonly samples: readonly { readonly stack: readonly (readonly string[])[]; readonly values: readonly number[] }[]
  /** File of each function. */
  readonly files?: Readonly<Record<string, string>>
  readonly defaultType?: string
  readonly durationNs?: number
  /** Numbers of a list one by one, as proto2 writes them. */
  readonly unpacked?: boolean
}

export function pprofOf({ types, samples, files = {}, defaultType, durationNs, unpacked = false }: Parts): Buffer {
  const strings = ['']
  const string = (value: string): number => {
    if (!strings.includes(value)) strings.push(value)
    return strings.indexOf(value)
  }
  const list = (field: number, values: readonly number[]): Buffer =>
    unpacked
      ? Buffer.concat(values.map((value) => number(field, value)))
      : message(field, Buffer.concat(values.map((value) => number(1, value).subarray(1))))
  const functions = [...new Set(samples.flatMap(({ stack }) => stack.flat()))]
  const locations = [...new Set(samples.flatMap(({ stack }) => stack.map((names) => names.join('\n'))))]
  const parts = [
    ...types.map(([type, unit]) => message(1, Buffer.concat([number(1, string(type)), number(2, string(unit))]))),
    ...samples.map(({ stack, values }) => {
      const ids = stack.map((names) => locations.indexOf(names.join('\n')) + 1)
      return message(2, Buffer.concat([list(1, ids), list(2, values)]))
    }),
    ...locations.map((names, at) =>
      message(
        4,
        Buffer.concat([
          number(1, at + 1),
          ...names.split('\n').map((name) => message(4, Buffer.concat([number(1, functions.indexOf(name) + 1), number(2, 7)]))),
        ]),
      ),
    ),
    ...functions.map((name, at) =>
      message(5, Buffer.concat([number(1, at + 1), number(2, string(name)), number(4, string(files[name] ?? ''))])),
    ),
  ]
  const last = defaultType === undefined ? 0 : string(defaultType)
  return Buffer.concat([
    ...parts,
    ...strings.map((value) => text(6, value)),
    ...(durationNs === undefined ? [] : [number(10, durationNs)]),
    ...(last === 0 ? [] : [number(14, last)]),
  ])
}
