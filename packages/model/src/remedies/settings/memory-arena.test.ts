import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect } from 'vitest'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { memoryArena } from './memory-arena.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 3])],
  opset: 17,
})
const KEY = 'session.enable_cpu_mem_arena'

checkRemedy(memoryArena, {
  applies: [
    {
      name: 'the arena is on, and other entries stay',
      model: relu,
      setup: { options: { configEntries: { 'session.dynamic_block_base': '4' } } },
      check: ({ setup }) => expect(setup.options.configEntries).toEqual({ 'session.dynamic_block_base': '4', [KEY]: '0' }),
    },
  ],
  leaves: [
    { name: 'it is off', model: relu, setup: { options: { configEntries: { [KEY]: '0' } } } },
    { name: 'a version before the key', model: relu, evidence: { engine: { id: 'ort-cpu', version: '1.20.1' } } },
    { name: 'a version that is not known', model: relu, evidence: { engine: { id: 'ort-cpu', version: '' } } },
  ],
})
