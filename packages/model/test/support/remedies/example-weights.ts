// Weights for the tests of rewrites: no two neighbours alike, the same at every run.
import { floatTensor } from '@whyslow/graph/build.ts'

export const weight = (name: string, shape: readonly number[]) => {
  const length = shape.reduce((product, size) => product * size, 1)
  return floatTensor(
    name,
    shape,
    Array.from({ length }, (_, index) => ((index * 37) % 101) / 50 - 1),
  )
}
