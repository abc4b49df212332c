import {
  betterAlternative,
  checkRule,
  exampleEvidence,
  examplePoint,
  exampleTarget,
  withParts,
  worseAlternative,
} from '../../../test/support/load/check-rule.ts'
import { jsonTensors } from './json-tensors.ts'

const point = (parse: number, compute: number, serialize = 0.5) =>
  withParts(examplePoint(), {
    'server: parse': { slowest: 20, all: parse },
    'server: serialize': { slowest: 1, all: serialize },
    'server: compute': { slowest: 3, all: compute },
  })
const text = [point(13.3, 2)]
const binary = exampleTarget({ inputs: { source: 'synthetic', tensors: [], binary: true } })
const better = betterAlternative({})

checkRule(jsonTensors, {
  found: [
    {
      name: 'text costs more than the prediction',
      given: exampleEvidence(text, {}, { target: exampleTarget({ bodyBytes: 2_940_000 }) }),
      expect: {
        detail: /^Requests of 2\.94 MB take 13\.3 ms to parse, answers 500 µs to write, and the prediction 2\.00 ms/,
        timeMs: 13.8,
        wouldSaveMs: null,
        savingUnknown: 'raw tensors were not tried',
      },
    },
    {
      name: 'and raw tensors do better',
      given: exampleEvidence(text, {}, { rawTensors: better }),
      expect: {
        detail:
          /With the same tensors as raw bytes: At 30 requests\/s the mean is then 5\.00 ms; unchanged, it is 10\.0 ms before and 10\.0 ms after\.$/,
        basis: 'measured',
        wouldSaveMs: 0,
      },
    },
    {
      name: 'and raw tensors do no better',
      given: exampleEvidence(text, {}, { rawTensors: worseAlternative({}) }),
      expect: { wouldSaveMs: null, savingUnknown: 'raw tensors did no better in the same load' },
    },
    {
      name: 'and the generator was late with raw tensors',
      given: exampleEvidence(text, {}, { rawTensors: { ...better, point: { ...better.point, meanMs: null } } }),
      expect: { wouldSaveMs: null, savingUnknown: 'raw tensors were not tried' },
    },
  ],
  clear: [
    { name: 'the prediction costs more', given: exampleEvidence([point(13.3, 20)]) },
    { name: 'text costs little', given: exampleEvidence([point(0.1, 0.1, 0.1)]) },
  ],
  doesNotApply: [{ name: 'tensors are raw', given: exampleEvidence(text, {}, { target: binary }) }],
  notChecked: [{ name: 'the server does not report it', given: exampleEvidence([examplePoint()]) }],
})
