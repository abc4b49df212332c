// A decoder that is fed a prompt computes logits for each of its positions, and generating reads the last ones alone. With an input
// num_logits_to_keep, as transformers has it, whoever feeds says how many are wanted: 1 for generating, more for checking guessed tokens, 0 for
// all. https://github.com/huggingface/transformers (num_logits_to_keep, later logits_to_keep)
import { int64Tensor, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, freshNames, withGraph } from '@whyslow/graph/edit.ts'
import { matchGraph } from '@whyslow/graph/rewrite/match.ts'
import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf'
import { findHead, type Head } from './kit/head.ts'
import { defineGeneratorRemedy, type RemedyTarget } from './kit/remedy.ts'

const INPUT = 'num_logits_to_keep'
const LAST = 'last'
/** The end of a Slice: all that there is. */
const TO_THE_END = 2n ** 63n - 1n

export const lastLogits = defineGeneratorRemedy({
  id: 'last-logits',
  title: 'Logits for the positions that are read',
  description: 'The head multiplies only the positions whose logits are read, instead of every position of the prompt.',
  lossless: true,
  variants: ['', LAST],
  applies: (target) => {
    const found = find(target)
    return typeof found === 'string' ? found : true
  },
  async rewrite(target, variant) {
    const found = find(target)
    if (typeof found === 'string') return found
    const { model } = target
    const graph = model.proto.graph!
    const cut = variant === LAST ? gatherLast(graph, found) : sliceAsWanted(graph, found)
    const { first, hidden } = found
    const reading = copyWith(first, { input: first.input.map((name) => (name === hidden ? cut.kept : name)) })
    const edited = editGraph(graph, {
      remove: new Set([first]),
      add: [...cut.nodes, reading],
      addInitializers: cut.initializers,
    })
    return {
      model: withGraph(model, declared(edited, target, variant)),
      changes: [
        variant === LAST ? 'logits of the last position alone' : `logits of as many positions as ${INPUT} says, from the end`,
      ],
    }
  },
})

function find({ model, layout }: RemedyTarget): Head | string {
  if (layout.positions === 'last') return 'it gives the logits of the last position already'
  if (layout.positions === 'chosen') return 'it has an input that says how many logits are wanted: feed 1'
  const found = findHead(matchGraph(model, model.proto.graph!), layout.logits.name)
  if (typeof found === 'string') return found
  return found.rangeOfAll ? 'the head is quantized by the range of all positions, which would change with their number' : found
}

interface Cut {
  readonly kept: string
  readonly nodes: readonly NodeProto[]
  readonly initializers: readonly TensorProto[]
}

function gatherLast(graph: GraphProto, { hidden }: Head): Cut {
  const fresh = freshNames(graph)
  const [kept, last] = [fresh(`${hidden}_last`), fresh('last_position')]
  return {
    kept,
    nodes: [node({ opType: 'Gather', name: fresh(`${hidden}_Gather`) }, [hidden, last], [kept], { axis: 1 })],
    initializers: [int64Tensor(last, [1], [-1])],
  }
}

/** Keeps the positions from -n on; n = 0 keeps all. */
function sliceAsWanted(graph: GraphProto, { hidden }: Head): Cut {
  const fresh = freshNames(graph)
  const [kept, from, start] = [fresh(`${hidden}_kept`), fresh('first_kept'), fresh('first_kept_list')]
  const [end, axis, list] = [fresh('kept_end'), fresh('kept_axis'), fresh('one_number')]
  return {
    kept,
    nodes: [
      node({ opType: 'Neg', name: fresh(`${INPUT}_Neg`) }, [INPUT], [from]),
      node({ opType: 'Reshape', name: fresh(`${INPUT}_Reshape`) }, [from, list], [start]),
      node({ opType: 'Slice', name: fresh(`${hidden}_Slice`) }, [hidden, start, end, axis], [kept]),
    ],
    initializers: [int64Tensor(end, [1], [TO_THE_END]), int64Tensor(axis, [1], [1]), int64Tensor(list, [1], [1])],
  }
}

/** The graph with its new input, and logits of another number of positions. */
function declared(graph: GraphProto, { layout: { logits } }: RemedyTarget, variant: string): GraphProto {
  const shape = logits.shape?.map((size, axis) => (axis === 1 ? (variant === LAST ? 1 : 'logits_kept') : size))
  const output = graph.output.map((one) =>
    one.name === logits.name && logits.dtype !== null ? valueInfo(one.name, logits.dtype, shape ?? undefined) : one,
  )
  const input = variant === LAST ? graph.input : [...graph.input, valueInfo(INPUT, 'int64', [])]
  // Values between the head and the logits have another size, too.
  const valueInfos = graph.valueInfo.filter(({ name }) => name !== logits.name)
  return copyWith(graph, { input, output, valueInfo: valueInfos })
}
