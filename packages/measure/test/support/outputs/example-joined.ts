// For tests: graphs that end in a Concat, and outputs that join quantities of several sizes.

import { mulberry32 } from '@whyslow/graph/random.ts'
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import type { Results } from '../../../src/engines/types.ts'

export const graphNode = (
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: NodeView['attributes'] = {},
): NodeView => ({
  name: output,
  opType,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
  subgraphs: {},
})

/** `shapes`: of intermediate values. */
export const graphOf = (nodes: readonly NodeView[], shapes: Readonly<Record<string, readonly number[]>> = {}): GraphView => ({
  name: '',
  nodes,
  inputs: [],
  outputs: [],
  constants: {},
  types: Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { dtype: 'float32', shape }])),
})

/** `of`: an element by its place, which is the same array for each; a sample for each of `samples`. */
export const tensorsOf = (
  shape: readonly number[],
  of: (place: readonly number[], random: () => number, sample: number) => number,
  samples = 1,
): Results[] => {
  const random = mulberry32(7)
  return Array.from({ length: samples }, (_, sample) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    const place = shape.map(() => 0)
    for (let k = 0; k < data.length; k++) {
      data[k] = of(place, random, sample)
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        place[axis]!++
        if (place[axis] !== shape[axis]) break
        place[axis] = 0
      }
    }
    return { y: { dtype: 'float32', shape, data } }
  })
}

/** The same, each element changed by its place. */
export const changed = (
  results: readonly Results[],
  by: (x: number, place: number, random: () => number) => number,
): Results[] => {
  const random = mulberry32(11)
  return results.map(({ y }) => ({
    y: { ...y!, data: Float32Array.from(y!.data as Float32Array, (x, k) => by(x, k, random)) } as never,
  }))
}
