// If, Loop, Scan, and the searches for a text's next words: nothing of their own. The nodes of their bodies are costed one by one, each times how often it ran.
// https://onnx.ai/onnx/operators/onnx__Loop.html ; BeamSearch, GreedySearch, Sampling: onnxruntime docs/ContribOperators.md
import { defineFamily, type Formula, sameFor } from './family.ts'
import { costOf } from './work.ts'

const nothing =
  (note?: string): Formula =>
  (context) =>
    costOf(context, {
      readBytes: Object.fromEntries(context.node.inputs.map((_, index) => [index, 0])),
      writtenBytes: Object.fromEntries(context.node.outputs.map((_, index) => [index, 0])),
      ...(note === undefined ? {} : { note }),
    })

const SEARCH = 'choosing the next words among the scores is not counted'

export const controlFlowFamily = defineFamily(
  'control-flow',
  {},
  {
    ...sameFor(['If', 'Loop', 'Scan', 'SequenceMap'], nothing()),
    ...sameFor(
      ['BeamSearch', 'WhisperBeamSearch', 'GreedySearch', 'Sampling'].map((name) => `com.microsoft:${name}`),
      nothing(SEARCH),
    ),
  },
)
