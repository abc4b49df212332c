import { describe, expect, test } from 'vitest'
import { availabilityHere, checkEngine, needsEngine } from '../../../test/support/engines/check-engine.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { SUITE } from '../../../test/support/engines/tfjs/example-suite.ts'
import { tfjsCpu } from './tfjs-cpu.ts'
import { tfjsWasm } from './tfjs-wasm.ts'

const availability = await availabilityHere(tfjsWasm)

checkEngine({
  engine: tfjsWasm,
  availability,
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
  suite: SUITE,
})

describe.skipIf(!availability.ok)('tfjs-wasm', needsEngine(availability), () => {
  test.each(['a recurrent network', 'one kernel', 'a branch of If'])('tells of its calls: %s', async (name) => {
    const { file, feeds } = SUITE.models.find((one) => one.name === name)!
    const session = await tfjsWasm.open(file!, plainOptions)
    const observed = await session.observe!(feeds[0]!)
    expect(observed).toMatchObject({ outputsLeft: 1, othersLeft: 0, othersLeftBytes: 0 })
    expect(observed.callMs).toBeGreaterThan(0)
    await session.close()
  })
})

test('is told to be of the same runtime as plain JavaScript, which is measured beside it', () => {
  expect(tfjsWasm.runtime).toBe(tfjsCpu.runtime)
})
