import { checkRule, engine, evidence, latency } from '../../../test/support/diagnose/check-rule.ts'
import { wrongBackend } from './wrong-backend.ts'

const plain = engine({ id: 'tfjs-cpu', runtime: 'TensorFlow.js', offers: ['javascript', 'synchronous'] })
const wasm = { id: 'tfjs-wasm', runtime: 'TensorFlow.js' }
const beside = (ratio: number, one: { readonly id: string; readonly runtime?: string } = wasm) => [
  { ...one, device: 'cpu', software: false, p50Ms: 10 * ratio, ratio, ratioLow: ratio * 0.9, ratioHigh: ratio * 1.1, rounds: 5 },
]
const given = (otherEngines: ReturnType<typeof beside>) =>
  evidence({ engine: plain, latency: latency(10), p50Ms: 10, otherEngines })

checkRule(wrongBackend, {
  found: [
    {
      name: 'WebAssembly in a tenth of the time',
      given: given(beside(0.1)),
      expect: {
        timeMs: 10,
        wouldSaveMs: 9,
        basis: 'measured',
        next: 'whyslow MODEL --engine tfjs-wasm',
        detail: /1\.00 ms, 10 %/,
      },
    },
  ],
  clear: [
    { name: 'WebAssembly is no faster', given: given(beside(1)) },
    { name: 'by less than between processes', given: given(beside(0.98)) },
  ],
  notChecked: [
    { name: 'it is not here', given: given([]) },
    { name: 'only another runtime was measured', given: given(beside(0.1, { id: 'tfjs-as-onnx', runtime: 'onnxruntime' })) },
    {
      name: 'runtimes are not told',
      given: evidence({ engine: engine({ offers: ['javascript'] }), p50Ms: 10, otherEngines: beside(0.1, { id: 'ort-wasm' }) }),
    },
  ],
  doesNotApply: [{ name: 'an engine that computes otherwise', given: evidence({ p50Ms: 10, otherEngines: beside(0.1) }) }],
})
