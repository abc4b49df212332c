import { model, node, valueInfo } from '@whyslow/graph/build.ts'
import { checkRemedy } from '../../../test/support/remedies/check-remedy.ts'
import { memoryPattern } from './memory-pattern.ts'

const relu = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2, 3])],
  outputs: [valueInfo('y', 'float32', [2, 3])],
  opset: 17,
})

checkRemedy(memoryPattern, {
  applies: [{ name: 'it is on', model: relu, changes: /^session\.enable_mem_pattern = 0: / }],
  leaves: [
    { name: 'it is off', model: relu, setup: { options: { configEntries: { 'session.enable_mem_pattern': '0' } } } },
    { name: 'nodes side by side have none', model: relu, setup: { options: { executionMode: 'parallel' } } },
    { name: 'a version that is not known', model: relu, evidence: { engine: { id: 'ort-cpu', version: '2.0.0' } } },
  ],
})
