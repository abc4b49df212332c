import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { dynamicBlockBase } from './dynamic-block-base.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 3])],
  opset: 17,
})

checkRemedy(dynamicBlockBase, {
  applies: [{ name: 'two threads', model: relu, setup: { options: { threads: 2 } }, changes: /dynamic_block_base = 4/ }],
  leaves: [
    { name: 'one thread', model: relu },
    {
      name: 'set already',
      model: relu,
      setup: { options: { threads: 2, configEntries: { 'session.dynamic_block_base': '4' } } },
    },
    {
      name: 'a version that is not known',
      model: relu,
      setup: { options: { threads: 2 } },
      evidence: { engine: { id: 'ort-cpu', version: 'x' } },
    },
  ],
})
