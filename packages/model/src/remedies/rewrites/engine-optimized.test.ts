import { floatTensor, model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy, engineTools } from '../../../test/support/remedies/check-remedy.ts'
import { engineOptimized } from './engine-optimized.ts'

const ramp = (length: number) => Array.from({ length }, (_, index) => ((index * 7) % 11) / 10 - 0.5)

/** Conv - BatchNormalization - Relu, with an Identity: basic folds the first two, extended fuses the Relu, all blocks the layout. */
const convolution = model({
  nodes: [
    node('Identity', ['x'], ['same']),
    node('Conv', ['same', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
    node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'variance'], ['n']),
    node('Relu', ['n'], ['y']),
  ],
  inputs: [valueInfo('x', 'float32', ['n', 3, 8, 8])],
  outputs: [valueInfo('y', 'float32', ['n', 16, 8, 8])],
  initializers: [
    floatTensor('w', [16, 3, 3, 3], ramp(16 * 27)),
    floatTensor('scale', [16], ramp(16)),
    floatTensor('shift', [16], ramp(16)),
    floatTensor('mean', [16], ramp(16)),
    floatTensor(
      'variance',
      [16],
      ramp(16).map((one) => one + 1),
    ),
  ],
})
const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', ['n', 3])],
  outputs: [valueInfo('y', 'float32', ['n', 3])],
})

checkRemedy(engineOptimized, {
  applies: [
    {
      name: 'a graph that every level makes smaller; only the last, in the blocked layout, is bound to the machine, and loaded as it is',
      model: convolution,
      variants: ['basic', 'extended', 'all'],
      // A level saved may be optimized further by the next one.
      repeats: true,
      check: ({ variant, setup, changes }) => {
        expect(setup.machineBound).toBe(variant === 'all')
        expect(setup.options.graphOptimization).toBe(variant === 'all' ? 'disabled' : 'all')
        // Conv, Relu; FusedConv.
        if (variant !== 'all')
          expect(changes[0]).toMatch(variant === 'basic' ? /: 2 nodes instead of 4$/ : /: 1 node instead of 4$/)
      },
    },
    {
      name: 'a graph with nothing to fold, and no layout of this machine: only the optimization at load is spared',
      model: relu,
      variants: ['all'],
      check: ({ setup }) => expect(setup.machineBound).toBe(false),
    },
  ],
  leaves: [
    { name: 'what is bound to this machine already', model: convolution, setup: { machineBound: true } },
    {
      name: 'graph optimization off: the user wants the graph as it is',
      model: convolution,
      setup: { options: { graphOptimization: 'disabled' } },
    },
    {
      name: 'an engine that cannot save its graph',
      model: convolution,
      tools: {
        ...engineTools,
        optimize: async () => {
          throw new Error('cannot serialize')
        },
      },
    },
  ],
})
