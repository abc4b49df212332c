// The limits between which a model keeps what it computes of the image itself: low-light and denoising networks add to it, or multiply it, and
// limit the sum to values that an image can have.
import type { Model } from '@whyslow/graph/model.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'
import { numbersOf, type Reader, readerOf } from './first-layers.ts'
import { limitsOfClip } from './flat-colours.ts'

/** Nodes that leave an image an image of the same values. */
const PASSED = new Set(['Identity', 'Cast', 'Transpose', 'Pad', 'Resize', 'Upsample', 'Dropout'])
const OF_TWO = new Set(['Add', 'Sub', 'Mul', 'Div'])

/** Lowest and highest value; null: the model limits no such sum or product, or not all to the same. */
export function limitsOfOwnImage(model: Model, input: string): readonly [number, number] | null {
  const reader = readerOf(model)
  const { consumers } = linksOf(model.proto.graph!)
  const readers = (name: string) => consumers.get(name) ?? []
  const same = followed(input, readers)
  const sums = [...same].flatMap((name) =>
    readers(name)
      .filter((node) => isSum(node, reader))
      .map(({ output }) => output[0]!),
  )
  const found = sums.map((sum) => limitsBehind(sum, readers, reader)).filter((limits) => limits !== null)
  // The lowest may be a little above 0, where one divides by what was limited.
  const [first] = found
  return first !== undefined && found.every(([, high]) => high === first[1])
    ? [Math.min(...found.map(([low]) => low)), first[1]]
    : null
}

type Readers = (name: string) => readonly NodeProto[]

/** The image, and what is the same image in another layout, size or precision. */
function followed(input: string, readers: Readers): ReadonlySet<string> {
  const same = new Set([input])
  for (const name of same)
    for (const node of readers(name)) if (PASSED.has(node.opType) && node.input[0] === name) same.add(node.output[0]!)
  return same
}

/** A sum or product of the image and of something that the model computes. */
const isSum = (node: NodeProto, reader: Reader): boolean =>
  OF_TWO.has(node.opType) && node.input.every((name) => numbersOf(name, reader) === undefined)

function limitsBehind(sum: string, readers: Readers, reader: Reader): readonly [number, number] | null {
  const nodes = readers(sum)
  for (const node of nodes) {
    if (node.opType !== 'Clip') continue
    const [low, high] = limitsOfClip(node, reader)
    if (low !== undefined && high !== undefined) return [low, high]
  }
  // As TensorFlow's exporters write it: relu(x) - relu(x - 1).
  const above = nodes.find(({ opType, input }) => opType === 'Sub' && input[0] === sum)
  const [high, ...others] = numbersOf(above?.input[1], reader) ?? []
  const [low, over] = [nodes, readers(above?.output[0] ?? '')].map(
    (all) => all.find(({ opType }) => opType === 'Relu')?.output[0],
  )
  const isLimited =
    low !== undefined && readers(low).some(({ opType, input }) => opType === 'Sub' && input[0] === low && input[1] === over)
  return isLimited && high !== undefined && others.length === 0 ? [0, high] : null
}
