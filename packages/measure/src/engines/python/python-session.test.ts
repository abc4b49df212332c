import { expect, test } from 'vitest'
import { pythonAvailability } from './python-session.ts'

test('of packages whose interpreter is not there the reason is told, and what to do', async () => {
  const packages = {
    engine: 'ort',
    module: 'onnxruntime',
    distributions: [],
    needs: [],
    install: 'pip install onnxruntime',
  } as const
  expect(await pythonAvailability(packages, { python: './no/such/python' })).toMatchObject({
    ok: false,
    reason: expect.stringContaining('no such file'),
  })
})
