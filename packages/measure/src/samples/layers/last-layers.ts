// What a model does last with an image that it makes: whether numbers become those of bytes.
import type { Model } from '@whyslow/graph/model.ts'
import type { NodeProto } from 'onnx-buf'
import { numbersOf, type Reader, readerOf } from './first-layers.ts'
import { limitsOfClip } from './flat-colours.ts'

/** Nodes of shape and precision alone. */
const PASSED = new Set(['Identity', 'Cast', 'Transpose', 'Squeeze', 'Unsqueeze', 'Reshape', 'Round', 'Floor', 'Clip'])
const AFFINE = new Set(['Add', 'Sub', 'Mul'])
/** Sums and factors above this are of bytes: images of 0..1 and -1..1 know none above 2. */
const OF_BYTES = 20
const MOST_NODES = 8

/** Whether an output is an image of 0 to 255: the last nodes limit it to that, or add or multiply numbers of that size by channel. */
export function makesBytes(model: Model): boolean {
  const graph = model.proto.graph!
  const reader = readerOf(model)
  return graph.output.some(({ name, type }) => {
    const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined
    return tensor?.shape?.dim.length === 4 && endsInBytes(reader.producers.get(name), reader)
  })
}

function endsInBytes(last: NodeProto | undefined, reader: Reader): boolean {
  let node = last
  for (let steps = 0; node !== undefined && steps < MOST_NODES; steps++) {
    if (node.opType === 'Clip' && limitsOfClip(node, reader)[1] === 255) return true
    const at = node.input.findIndex((name) => numbersOf(name, reader) === undefined)
    if (AFFINE.has(node.opType)) {
      const numbers = numbersOf(node.input[1 - at], reader)
      if (at < 0 || numbers === undefined || numbers.length > 4) return false
      if (numbers.every((one) => Math.abs(one) > OF_BYTES)) return true
    } else if (!PASSED.has(node.opType)) return false
    node = reader.producers.get(node.input[Math.max(0, at)]!)
  }
  return false
}
