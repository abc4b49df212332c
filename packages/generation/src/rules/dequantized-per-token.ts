// Weights that no kernel reads as they are quantized: the engine makes floats of them before the product, all of them, at every token. The usual case
// is a head that shares the table of embeddings: the table is quantized for the lookup of rows, and the head's MatMul gets it dequantized and turned.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt, tokenMsOf } from '../rule.ts'

export const dequantizedPerToken = defineRule({
  id: 'dequantized-per-token',
  area: 'software',
  title: 'Constant weights are dequantized or rearranged again at every token',
  needs: ['graph', 'speed', 'setup'],
  check(given) {
    const { constantWork } = given.graph
    if (constantWork === null) return { notChecked: 'the nodes were not profiled' }
    const { nodes, decodeMs, node } = constantWork
    if (nodes === 0 || !isFelt(given, { tokenMs: decodeMs })) return 'clear'
    return {
      ...tell`${countFact('node', nodes, 'constant-work')} compute the same values from constants at every token. They take
        ${ms('constant-time', decodeMs)} of a token, ${share('share', decodeMs / tokenMsOf(given))} of it.`,
      ...costs(given, { tokenMs: decodeMs }, { basis: 'measured' }),
      nodes: node === null ? [] : [node],
      next: fixGenerator(),
    }
  },
})
