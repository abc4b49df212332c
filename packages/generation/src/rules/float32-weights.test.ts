import { checkRule, exampleEvidence, exampleHead, exampleWeight, withoutFacts } from '../../test/support/check-rule.ts'
import { float32Weights } from './float32-weights.ts'

const float = (bytes: number, decodeMs: number | null = null) =>
  exampleWeight({ operator: 'MatMul', dtype: 'float32', elements: bytes / 4, bytes, scaleBytes: null, blockSize: null, decodeMs })
/** Of 100 MB, `bytes` are float32. */
const of100 = (bytes: number) => ({ weights: [float(bytes), exampleWeight({ bytes: 100e6 - bytes, decodeMs: null })] })

checkRule(float32Weights, {
  found: [
    {
      // 80 MB at 10 GB/s are 8 ms; int4 has 0.625 of 4 bytes: 12.5 MB, and 8 · 0.84375 = 6.75 ms less.
      name: 'all weights, by their bytes',
      given: exampleEvidence({ weights: [float(80e6)] }),
      expect: {
        detail:
          'Each token reads 80.0 MB of float32 weights, which takes 8.00 ms, 80 % of its time. As int4 in blocks they are 12.5 MB.',
        timeMs: 80,
        wouldSaveMs: 67.5,
        savingByPart: { firstToken: 0, token: 6.75 },
        nodes: ['/model/layers.0/mlp/MatMul'],
        next: 'whyslow fix MODEL -o fast/',
      },
    },
    {
      name: 'as profiled, where it is known',
      given: exampleEvidence({ weights: [float(80e6, 4)] }),
      expect: { timeMs: 40, savingByPart: { firstToken: 0, token: 3.375 } },
    },
    {
      // 12.5 MB at 5 GB/s are 2.5 ms.
      name: "what the engine's own kernels would take, where they were timed",
      given: exampleEvidence({ weights: [float(80e6)], kernelRates: { int4: 5e9 } }),
      expect: { timeMs: 80, savingByPart: { firstToken: 0, token: 5.5 } },
    },
    { name: "by llama.cpp's name", given: exampleEvidence({ weights: [{ ...float(80e6), dtype: 'F32' }] }) },
    { name: 'a little over half of the bytes', given: exampleEvidence(of100(51e6)) },
    // 0.36 ms · 0.84375 = 0.304 ms of 10 ms.
    { name: 'a little over three per cent of a token', given: exampleEvidence({ weights: [float(80e6, 0.36)] }) },
    // Twice 40 MB: the larger is named.
    {
      name: 'the largest is its place',
      given: exampleEvidence({ weights: [float(30e6), { ...float(50e6), node: '/large' }] }),
      expect: { nodes: ['/large'] },
    },
  ],
  clear: [
    { name: 'int4', given: exampleEvidence() },
    {
      name: 'kernels for int4 that are as slow',
      given: exampleEvidence({ weights: [float(80e6)], kernelRates: { int4: 1.6e9 } }),
    },
    { name: 'a little under half of the bytes', given: exampleEvidence(of100(49e6)) },
    { name: 'a little under three per cent of a token', given: exampleEvidence({ weights: [float(80e6, 0.35)] }) },
    {
      name: 'the head alone, though it is most of the bytes',
      given: exampleEvidence({
        weights: [float(80e6), exampleWeight()].map((one, k) => (k === 0 ? { ...one, role: 'head' as const } : one)),
      }),
    },
    { name: 'int8 head alone', given: exampleEvidence({ weights: [exampleHead()] }) },
  ],
  notChecked: [{ name: 'nothing says what reading takes', given: withoutFacts({ weights: [float(80e6)] }, 'floor') }],
})
