import { checkRule, exampleEvidence, exampleGraph, tokenParts, withoutFacts } from '../../test/support/check-rule.ts'
import { constantCrossAttention } from './constant-cross-attention.ts'

const outputs = (bytes: number | null, exported = 0) => ({
  tokenParts: tokenParts({ 'cache-exported': exported }),
  graph: exampleGraph({ constantOutputs: { names: ['present.0.encoder.key', 'present.0.encoder.value'], bytes } }),
})

const turned = (decodeMs: number) => ({
  graph: exampleGraph({ crossCopies: { nodes: 4, decodeMs, node: '/decoder/layers.0/Transpose' } }),
})

checkRule(constantCrossAttention, {
  found: [
    {
      // Read and written, 10 GB/s.
      name: '5 MB at each step',
      given: exampleEvidence(outputs(5e6)),
      expect: {
        detail: /^2 outputs of each step, 5\.00 MB in all, .* Copying them takes 1\.00 ms/,
        savingByPart: { firstToken: 0, token: 1 },
        nodes: ['present.0.encoder.key'],
      },
    },
    {
      // Of 2 ms of copying 5.64 MB to JavaScript, 64 tokens of 10 kB are the decoder's own.
      name: 'they pass through JavaScript',
      given: exampleEvidence(outputs(5e6, 2)),
      expect: { savingByPart: { firstToken: 0, token: 1 + (2 * 5) / 5.64 } },
    },
    { name: 'a bandwidth that is not known', given: withoutFacts(outputs(5e6), 'floor'), expect: { wouldSaveMs: null } },
    { name: 'a little over three per cent', given: exampleEvidence(outputs(1.55e6)) },
    {
      name: 'keys that are turned at each step',
      given: exampleEvidence(turned(2)),
      expect: {
        detail: /^4 nodes transpose or copy the encoder's keys and values at each token, which takes 2\.00 ms/,
        savingByPart: { firstToken: 0, token: 2 },
        nodes: ['/decoder/layers.0/Transpose'],
        next: null,
      },
    },
  ],
  clear: [
    { name: 'none', given: exampleEvidence() },
    { name: 'keys that are turned in no time', given: exampleEvidence(turned(0.1)) },
    { name: 'a little under three per cent', given: exampleEvidence(outputs(1.45e6)) },
  ],
  notChecked: [{ name: 'a size that is not declared', given: exampleEvidence(outputs(null)) }],
})
