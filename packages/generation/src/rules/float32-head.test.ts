import { checkRule, exampleEvidence, exampleHead, exampleWeight, withoutFacts } from '../../test/support/check-rule.ts'
import { float32Head } from './float32-head.ts'

/** 20 MB of floats: 5 M elements. */
const wide = exampleHead({ dtype: 'float32', operator: 'MatMul', bytes: 20e6, decodeMs: 2 })
/** Of 64 M elements of the body, `quantized` are int4. */
const body = (quantized: number) => [
  exampleWeight({ elements: quantized }),
  exampleWeight({ elements: 64e6 - quantized, dtype: 'float32', operator: 'MatMul' }),
]

checkRule(float32Head, {
  found: [
    {
      // Int8 are 5.625 MB of 20 MB: 2 ms · (1 - 0.28125).
      name: 'next to an int4 body',
      given: exampleEvidence({ weights: [exampleWeight(), wide] }),
      expect: {
        detail:
          'The head is 20.0 MB of floats, 33 % of the bytes that a token reads. It takes 2.00 ms, 20 % of a token; in int8 it is 5.63 MB.',
        savingByPart: { firstToken: 0, token: 1.4375 },
        nodes: ['/lm_head/MatMul'],
      },
    },
    {
      // 5.625 MB at 4.5 GB/s are 1.25 ms.
      name: "what the engine's own kernels would take, where they were timed",
      given: exampleEvidence({ weights: [exampleWeight(), wide], kernelRates: { int8: 4.5e9 } }),
      expect: { savingByPart: { firstToken: 0, token: 0.75 } },
    },
    { name: 'in float16', given: exampleEvidence({ weights: [exampleWeight(), { ...wide, dtype: 'float16', bytes: 10e6 }] }) },
    { name: 'by its bytes', given: exampleEvidence({ weights: [exampleWeight(), { ...wide, decodeMs: null }] }) },
    { name: 'a little over half of the body is quantized', given: exampleEvidence({ weights: [...body(33e6), wide] }) },
  ],
  clear: [
    { name: 'an int8 head', given: exampleEvidence() },
    { name: 'a little under half of the body is quantized', given: exampleEvidence({ weights: [...body(31e6), wide] }) },
    { name: 'all is float32', given: exampleEvidence({ weights: [exampleWeight({ dtype: 'float32' }), wide] }) },
    { name: 'it takes little', given: exampleEvidence({ weights: [exampleWeight(), { ...wide, decodeMs: 0.3 }] }) },
  ],
  notChecked: [
    { name: 'its time is not known', given: withoutFacts({ weights: [exampleWeight(), { ...wide, decodeMs: null }] }, 'floor') },
  ],
})
