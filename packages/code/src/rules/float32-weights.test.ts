import { checkRule, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { float32Weights } from './float32-weights.ts'

const load = examplePattern({
  pattern: 'dtype-missing',
  line: 3,
  endLine: 3,
  once: true,
  callee: '@huggingface/transformers.pipeline',
  variable: 'generator',
})
/** Another model, which has a dtype. */
const other = examplePattern({ pattern: 'model-load', line: 5, callee: '@huggingface/transformers.pipeline' })
const generate = examplePattern({ pattern: 'generate-call', callee: 'generator' })
const given = (selfMs: number, patterns = [load, generate]) => examplePipeline({ patterns, lines: [exampleLine({ selfMs })] })

checkRule(float32Weights, {
  found: [
    {
      name: 'loaded once, without a dtype',
      given: given(8),
      expect: {
        detail: /^The model that is loaded at app\.mjs:3 has no dtype, .* Its calls take 8\.00 ms, 80 % of the time\./,
        timeMs: 8,
        wouldSaveMs: null,
        places: [{ file: 'app.mjs', line: 3, function: 'preprocess' }],
      },
    },
    { name: 'vectors of texts', given: given(8, [load, examplePattern({ pattern: 'texts-padded', callee: 'this.generator' })]) },
    { name: 'the only model, in no variable', given: given(8, [{ ...load, variable: null }, generate]) },
    { name: 'a little over a twentieth', given: given(0.51) },
  ],
  clear: [
    { name: 'with a dtype', given: given(8, [generate]) },
    { name: 'calls of another model', given: given(8, [load, examplePattern({ pattern: 'generate-call', callee: 'writer' })]) },
    { name: 'in no variable, one of several models', given: given(8, [{ ...load, variable: null }, other, other, generate]) },
    { name: 'a model that is not run', given: given(8, [load]) },
    { name: 'a little under a twentieth', given: given(0.49) },
  ],
  doesNotApply: [{ name: 'Python', given: { ...given(8), language: 'python' } }],
})
