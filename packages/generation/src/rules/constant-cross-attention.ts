// Keys and values of the encoder's output stay the same for a whole text; older exports of encoder–decoders give them out at every step.
// https://github.com/huggingface/optimum/pull/872
import { bytes, countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt, readMs } from '../rule.ts'

/** Read once, and written once. */
const PASSES = 2

export const constantCrossAttention = defineRule({
  id: 'constant-cross-attention',
  area: 'software',
  title: 'Cross-attention: outputs that never change are copied at every token',
  needs: ['graph', 'speed', 'setup'],
  wants: ['floor'],
  check({ graph: { constantOutputs }, ...given }) {
    const { names, bytes: size } = constantOutputs
    if (names.length === 0) return 'clear'
    if (size === null)
      return { notChecked: `the graph does not declare how large ${names[0]} and the other outputs that never change are` }
    const timeMs = readMs(given, PASSES * size)
    if (timeMs !== undefined && !isFelt(given, { tokenMs: timeMs })) return 'clear'
    const said = tell`${countFact('output', names.length)} of each step, ${bytes('constant', size)} in all, are the same at every token`
    return {
      ...(timeMs === undefined
        ? tell`${said}.`
        : tell`${said}. Copying them takes ${ms('copies', timeMs)} and more if they pass through JavaScript.`),
      ...(timeMs === undefined
        ? costs(given, {}, { unknown: 'the bandwidth of the memory was not measured', basis: 'modelled' })
        : costs(given, { tokenMs: timeMs }, { basis: 'modelled' })),
      nodes: [names[0]!],
      next: fixGenerator(),
    }
  },
})
