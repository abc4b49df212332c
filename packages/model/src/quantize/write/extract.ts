// One node with its parts and its weights as a model of its own, so that it can be timed alone, in float and in fewer bits.
import type { Model } from '@whyslow/graph/model.ts'
import { partOf } from '@whyslow/graph/rewrite/part.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { Quantizable, ValueTypes } from './choice.ts'
import { quantizableNodes } from './quantizable.ts'

/**
 * The node, named by its first output, with what runs within it (`Quantizable.parts`): see `partOf`. Undefined also if there is no
 * such node. `layers`: what `quantizableNodes` gives of the model, if it is there already.
 */
export function extractNode(
  model: Model,
  name: string,
  types: ValueTypes,
  layers: readonly Quantizable[] = quantizableNodes(model, types),
): Model | undefined {
  const main = model.proto.graph
  const found = main && layers.find(({ node }) => node === name)
  if (main === undefined || found === undefined) return undefined
  const { producers } = linksOf(main)
  const parts = (found.parts.length > 0 ? found.parts : [name]).map((one) => producers.get(one)!)
  return partOf(model, parts, types)
}
