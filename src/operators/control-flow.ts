// If, Loop, Scan: nothing of their own. The nodes of their bodies are costed one by one, each times how often it ran.
// https://onnx.ai/onnx/operators/onnx__Loop.html
import { defineFamily, type Formula, sameFor } from './family.ts'
import { costOf } from './work.ts'

const nothing: Formula = (context) =>
  costOf(context, {
    readBytes: Object.fromEntries(context.node.inputs.map((_, index) => [index, 0])),
    writtenBytes: Object.fromEntries(context.node.outputs.map((_, index) => [index, 0])),
  })

export const controlFlowFamily = defineFamily('control-flow', {}, sameFor(['If', 'Loop', 'Scan', 'SequenceMap'], nothing))
