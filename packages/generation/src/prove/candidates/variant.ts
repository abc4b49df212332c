// Another file of the folder that holds the same model with fewer bits: transformers.js takes float32 in Node unless it is told otherwise.
import type { Candidate } from '../candidate.ts'

export const variant = (dtype: string): Candidate => ({
  id: `dtype-${dtype}`,
  title: `The folder's ${dtype} weights`,
  effect: 'lossy',
  async apply(setup, { original }) {
    if (setup.source !== original.source) return { reason: 'the weights were changed already' }
    if (setup.options.dtype === dtype) return { reason: 'it reads these weights already' }
    return { setup: { ...setup, options: { ...setup.options, dtype } }, changes: [`reads the folder's ${dtype} weights`] }
  },
})
