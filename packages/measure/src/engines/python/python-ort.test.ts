import { describe, expect, test } from 'vitest'
import { availabilityHere, checkEngine } from '../../../test/support/engines/check-engine.ts'
import { pythonOrt } from './python-ort.ts'
import { pythonAvailability } from './python-session.ts'

checkEngine({
  engine: pythonOrt,
  availability: await availabilityHere(pythonOrt),
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
})

describe('packages that are absent', () => {
  test('an interpreter that is not there is a reason and what to do', async () => {
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
})
