// Stems that first sort pixels into channels: every second row and column, four images of half the size joined as channels (the Focus layer of
// YOLOv5 and YOLOX, exported as Slice and Concat). The convolution behind them is one of twice the size over the image itself.
import type { NodeProto } from 'onnx-buf'
import type { Convolution } from './convolution.ts'

/** Row and column of a block of two by two, for each image that is joined. */
export type Places = readonly (readonly [row: number, column: number])[]

interface Graph {
  readonly producers: ReadonlyMap<string, NodeProto>
  readonly numbersOf: (name: string | undefined) => readonly number[] | undefined
}

/** The places of the images that a Concat joins, all taken from `value`; null if it joins anything else. */
export function joinedPlaces(concat: NodeProto, value: string, graph: Graph): Places | null {
  const places = concat.input.map((name) => placeOf(name, value, graph))
  const known = places.filter((place) => place !== null)
  return known.length === 4 && known.length === places.length ? known : null
}

function placeOf(name: string, value: string, { producers, numbersOf }: Graph): readonly [number, number] | null {
  const place: [number, number] = [0, 0]
  let halved = 0
  for (let at = name; at !== value; ) {
    const node = producers.get(at)
    if (node?.opType !== 'Slice' || halved >= 2) return null
    const [starts, , axes, steps] = node.input.slice(1).map(numbersOf)
    if (starts === undefined || axes === undefined || axes.length === 0 || steps === undefined) return null
    for (const [k, axis] of axes.entries()) {
      const side = (axis < 0 ? axis + 4 : axis) - 2
      if ((side !== 0 && side !== 1) || steps[k] !== 2 || starts[k]! < 0 || starts[k]! > 1) return null
      place[side] = starts[k]!
      halved++
    }
    at = node.input[0]!
  }
  return halved === 2 ? place : null
}

/** The convolution over the image; null if it is none over the joined images. */
export function unfoldConvolution({ shape, weights, groups, dilations, bias }: Convolution, places: Places): Convolution | null {
  const [outputs, joined, height, width] = shape as [number, number, number, number]
  const channels = joined / places.length
  if (groups !== 1 || dilations.some((one) => one !== 1) || !Number.isInteger(channels)) return null
  const wide = new Array<number>(outputs * channels * 4 * height * width).fill(0)
  for (let output = 0; output < outputs; output++) {
    for (let from = 0; from < joined; from++) {
      const [row, column] = places[Math.floor(from / channels)]!
      const into = (output * channels + (from % channels)) * 4 * height * width
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          wide[into + (2 * y + row) * 2 * width + 2 * x + column] = weights[((output * joined + from) * height + y) * width + x]!
        }
      }
    }
  }
  return { shape: [outputs, channels, 2 * height, 2 * width], weights: wide, groups, dilations, bias }
}
