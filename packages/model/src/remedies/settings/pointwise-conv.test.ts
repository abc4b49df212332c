import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { evidence, type NodeNote } from '../../../test/support/diagnose/example-evidence.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { pointwiseConv } from './pointwise-conv.ts'

const KEY = 'mlas.nchwc_pointwise_conv_max_input_channel_batch'

/** A 1x1 convolution from 320 to 16 channels. */
const conv = model({
  nodes: [node('Conv', ['x', 'w'], ['y'])],
  inputs: [valueInfo('x', 'float32', [1, 320, 2, 2])],
  outputs: [valueInfo('y', 'float32', [1, 16, 2, 2])],
  initializers: [
    floatTensor(
      'w',
      [16, 320, 1, 1],
      Array.from({ length: 16 * 320 }, (_, i) => Math.sin(i)),
    ),
  ],
  opset: 17,
})

/** As the engine runs it, taking 8 of 10 ms unless told otherwise. */
function profile(weight: readonly number[], { timeMs = 8, domain = 'com.microsoft.nchwc' } = {}) {
  const nodes: NodeNote[] = [
    { op: 'Conv', domain, timeMs, in: ['x', 'w'], out: ['y_nchwc'] },
    { op: 'ReorderOutput', domain, timeMs: 10 - timeMs, in: ['y_nchwc'], out: ['y'] },
  ]
  return evidence({ nodes, constants: { w: { shape: weight } } }).profile!
}

checkRemedy(pointwiseConv, {
  applies: [
    {
      name: '320 channels: two passes, then one',
      model: conv,
      evidence: { profile: profile([16, 320, 1, 1]) },
      variants: ['256', '512'],
    },
    { name: '200 channels: one pass', model: conv, evidence: { profile: profile([16, 200, 1, 1]) }, variants: ['256'] },
    {
      name: '2048 channels: no pass holds them all',
      model: conv,
      evidence: { profile: profile([16, 2048, 1, 1]) },
      variants: ['256', '512', '1024'],
    },
    {
      name: 'never the size in use',
      model: conv,
      setup: { options: { configEntries: { [KEY]: '256' } } },
      evidence: { profile: profile([16, 320, 1, 1]) },
      variants: ['512'],
    },
  ],
  leaves: [
    { name: 'one pass holds 128 channels by default', model: conv, evidence: { profile: profile([16, 128, 1, 1]) } },
    { name: 'a 3x3 kernel', model: conv, evidence: { profile: profile([16, 320, 3, 3]) } },
    { name: 'the plain layout', model: conv, evidence: { profile: profile([16, 320, 1, 1], { domain: '' }) } },
    { name: 'too little time', model: conv, evidence: { profile: profile([16, 320, 1, 1], { timeMs: 0.5 }) } },
    { name: 'no profile', model: conv },
    {
      name: 'a version before the key',
      model: conv,
      evidence: { profile: profile([16, 320, 1, 1]), engine: { id: 'ort-cpu', version: '1.20.1' } },
    },
    {
      name: 'a version that is not known',
      model: conv,
      evidence: { profile: profile([16, 320, 1, 1]), engine: { id: 'ort-cpu', version: 'unknown' } },
    },
  ],
})
