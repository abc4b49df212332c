import type { Engine } from '../types.ts'
import { openSession } from './session.ts'
import { availabilityOf, installOf, PACKAGE } from './tfjs-package.ts'

export const tfjsCpu: Engine = {
  id: 'tfjs-cpu',
  title: 'TensorFlow.js in plain JavaScript, in Node',
  formats: ['tfjs'],
  runs: 'source',
  package: PACKAGE,
  install: installOf('cpu'),
  offers: ['synchronous', 'javascript', 'compiled-while-running', 'tensors-by-hand'],
  runtime: 'TensorFlow.js',
  available: async () => availabilityOf('cpu'),
  open: (modelFile) => openSession('cpu', modelFile),
}
