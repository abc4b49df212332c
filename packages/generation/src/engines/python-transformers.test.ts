import { expect, test } from 'vitest'
import { plainOptions } from '../../test/support/plain-options.ts'
import { pythonTransformers } from './python-transformers.ts'

test('what it opens, and what to do where there is no such Python', async () => {
  expect(pythonTransformers.opens({ kind: 'transformers-folder' })).toBe(true)
  expect(pythonTransformers.opens({ kind: 'genai-folder' })).toMatch(/weights of PyTorch/)
  expect(await pythonTransformers.missing({ ...plainOptions, pythonPath: './no/such/python' }, '.')).toMatch(
    /no such file; name an interpreter or an environment/,
  )
})
