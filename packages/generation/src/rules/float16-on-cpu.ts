// ONNX Runtime's CPU kernels have no float16 arithmetic: it casts weights and values to float32 before a node and back after it.
// https://github.com/microsoft/onnxruntime-genai/issues/1098
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, fixGenerator, isFelt, tokenMsOf } from '../rule.ts'

export const float16OnCpu = defineRule({
  id: 'float16-on-cpu',
  area: 'software',
  title: 'Float16 on a CPU: values are cast to float32 and back at every token',
  needs: ['graph', 'speed', 'setup'],
  check(given) {
    const { nodes, decodeMs, node } = given.graph.casts
    if (nodes === 0 || (decodeMs !== null && !isFelt(given, { tokenMs: decodeMs }))) return 'clear'
    const place = { nodes: node === null ? [] : [node], next: fixGenerator() }
    const casts = countFact('node', nodes, 'casts')
    if (decodeMs === null)
      return {
        ...tell`${casts} cast float16 to float32 or back in each decode step, because the CPU computes in float32.`,
        ...costs(given, {}, { unknown: 'the nodes were not profiled', basis: 'modelled' }),
        ...place,
      }
    return {
      ...tell`${casts} cast float16 to float32 or back in each decode step, because the CPU computes in float32. They take
        ${ms('casts-time', decodeMs)} of a token, ${share('share', decodeMs / tokenMsOf(given))} of it.`,
      ...costs(given, { tokenMs: decodeMs }, { basis: 'measured' }),
      ...place,
    }
  },
})
