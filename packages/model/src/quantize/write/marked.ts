// A float model whose activations are marked with their ranges, for a writer that makes integers of it (formats/tflite/quantize/marked.ts):
// QuantizeLinear and DequantizeLinear behind each value, and float weights.
import { floatTensor, node as makeNode, rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, freshNames, readOther, withGraph } from '@whyslow/graph/edit.ts'
import { asFloatNode } from '@whyslow/graph/float-nodes.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { raiseOpset } from '@whyslow/graph/raise-opset.ts'
import type { Range } from './choice.ts'
import { affineOf, typeRange } from './numbers.ts'
import { OPSETS } from './quantize.ts'

/**
 * Values without a finite range stay unmarked. `inFloat`: first outputs of nodes that stay in float, whatever of theirs is marked. The same
 * model if its operators are too old for marks.
 */
export function withMarkedRanges(
  given: Model,
  values: ReadonlySet<string>,
  ranges: ReadonlyMap<string, Range>,
  inFloat: ReadonlySet<string> = new Set(),
): Model {
  const model = raiseOpset(given, OPSETS.static!).model
  if (model === undefined) return given
  const graph = model.proto.graph!
  const fresh = freshNames(graph)
  const made = new Set(graph.node.flatMap(({ output }) => output))
  /** What is read in place of an input, and what a node gives in place of its value. */
  const [read, float] = [new Map<string, string>(), new Map<string, string>()]
  const marks = [...values].flatMap((value) => {
    const range = ranges.get(value)
    if (range === undefined || !Number.isFinite(range.low) || !Number.isFinite(range.high)) return []
    const { scale, zeroPoint } = affineOf(range.low, range.high, typeRange('uint8'), false)
    const other = fresh(`${value}_marked`)
    if (made.has(value)) float.set(value, other)
    else read.set(value, other)
    const [from, to] = made.has(value) ? [other, value] : [value, other]
    return [{ from, to, codes: fresh(`${value}_codes`), scale, zeroPoint }]
  })
  const node = graph.node.map((one) => {
    const named = inFloat.has(one.output[0]!) ? asFloatNode(one, fresh(`${one.name || one.output[0]}_float`)) : one
    return readOther(copyWith(named, { output: one.output.map((name) => float.get(name) ?? name) }), read)
  })
  return withGraph(
    model,
    editGraph(copyWith(graph, { node }), {
      add: marks.flatMap(({ from, to, codes }) => [
        makeNode('QuantizeLinear', [from, `${codes}_scale`, `${codes}_zero`], [codes]),
        makeNode('DequantizeLinear', [codes, `${codes}_scale`, `${codes}_zero`], [to]),
      ]),
      addInitializers: marks.flatMap(({ codes, scale, zeroPoint }) => [
        floatTensor(`${codes}_scale`, [], [scale]),
        rawTensor(`${codes}_zero`, 'uint8', [], Uint8Array.of(zeroPoint)),
      ]),
    }),
  )
}
