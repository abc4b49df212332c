import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { availabilityHere, checkEngine } from '../check-engine.ts'
import { floats } from '../example-models.ts'
import { plainOptions } from '../example-options.ts'
import { recordedSuite } from '../example-recorded.ts'
import { pythonKeras } from './python-keras.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../fixtures/formats/keras')
const availability = await availabilityHere(pythonKeras)
const LAMBDA = path.join(FIXTURES, 'engine-refused/lambda.keras')

checkEngine({
  engine: pythonKeras,
  availability,
  tolerance: { absolute: 1e-5, relative: 1e-4 },
  gaps: {},
  concurrent: true,
  suite: recordedSuite('keras', { file: LAMBDA, says: /Lambda/ }),
})

describe.skipIf(!availability.ok)('python-keras', () => {
  test('each of the ways to predict gives the same', { timeout: 240_000 }, async () => {
    const feeds = { x: floats([3, 16], 1) }
    const resultOf = async (call: string) => {
      const options = { ...plainOptions, configEntries: { call } }
      const session = await pythonKeras.open(path.join(FIXTURES, 'engine/perceptron.keras'), options)
      try {
        const { y } = await session.run(feeds)
        return Array.from(y!.data as Float32Array, (value) => value.toFixed(3))
      } finally {
        await session.close()
      }
    }
    const results = await Promise.all(['predict', 'direct', 'function'].map(resultOf))
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })
})
