// Larger predictions out of the samples that are there.
import type { Feeds, TensorValue } from '../../engines/types.ts'

/** As many predictions as there are samples, each of `factor` samples joined along the batch axis of each input; they rotate. */
export function joinSamples(samples: readonly Feeds[], axes: ReadonlyMap<string, number>, factor: number): Feeds[] {
  return samples.map((_, start) => {
    const parts = Array.from({ length: factor }, (_, k) => samples[(start + k) % samples.length]!)
    const names = Object.keys(parts[0]!)
    return Object.fromEntries(
      names.map((name) => [
        name,
        joined(
          parts.map((part) => part[name]!),
          axes.get(name) ?? 0,
        ),
      ]),
    )
  })
}

type NumberArray = Float32Array

/** Tensors of one dtype side by side along `axis`; their other dimensions are equal. */
export function joined(values: readonly TensorValue[], axis: number): TensorValue {
  const [first] = values
  const { dtype, shape } = first!
  const size = values.reduce((sum, value) => sum + value.shape[axis]!, 0)
  const rows = shape.slice(0, axis).reduce((product, dimension) => product * dimension, 1)
  const width = (value: TensorValue) => (rows === 0 ? 0 : lengthOf(value) / rows)
  const total = values.reduce((sum, value) => sum + lengthOf(value), 0)
  const outShape = shape.map((dimension, k) => (k === axis ? size : dimension))
  if (dtype === 'string') {
    const data = Array.from({ length: rows }, (_, row) =>
      values.flatMap((value) => (value.data as readonly string[]).slice(row * width(value), (row + 1) * width(value))),
    ).flat()
    return { dtype, shape: outShape, data }
  }
  // Every typed array has `set` and `subarray`; which one it is does not matter here.
  const Typed = (first!.data as NumberArray).constructor as new (length: number) => NumberArray
  const data = new Typed(total)
  let at = 0
  for (let row = 0; row < rows; row++) {
    for (const value of values) {
      const part = (value.data as NumberArray).subarray(row * width(value), (row + 1) * width(value))
      data.set(part, at)
      at += part.length
    }
  }
  return { dtype, shape: outShape, data }
}

const lengthOf = ({ data }: TensorValue): number => (data as { readonly length: number }).length
