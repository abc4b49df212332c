// A model marked with ranges, as .tflite on LiteRT.
import fs from 'node:fs'
import path from 'node:path'
import { liteBytesOf } from '@whyslow/formats/tflite/quantize/marked.ts'
import { node } from '@whyslow/graph/build.ts'
import { litert } from '@whyslow/measure/engines/litert/litert.ts'
import { availabilityHere, needsEngine } from '@whyslow/measure/support/engines/check-engine.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { bothResults, observedRanges } from '../../../test/support/quantize/write/check-quantize.ts'
import { marked, network } from '../../../test/support/quantize/write/example-marked.ts'
import { make, plain, sqnr } from '../../../test/support/quantize/write/example-static.ts'
import { withMarkedRanges } from './marked.ts'

const folder = folderOfTests()

const availability = await availabilityHere(litert)

describe.skipIf(!availability.ok)('LiteRT', needsEngine(availability), () => {
  test('predicts with a layer in float between two in int8', async () => {
    const three = make([
      ...[
        ['x', 'a'],
        ['a', 'f'],
        ['f', 'y'],
      ].map(([from, to]) => node('Conv', [from!, 'conv'], [to!], { pads: [1, 1, 1, 1] })),
    ])
    const ranges = await observedRanges(three, [plain])
    const noiseOf = async (inFloat: readonly string[]) => {
      const file = path.join(folder, `float-${inFloat.join('-')}.tflite`)
      fs.writeFileSync(file, liteBytesOf(withMarkedRanges(three, new Set(['x', 'a', 'f', 'y']), ranges, new Set(inFloat))))
      const session = await litert.open(file, plainOptions)
      const found = (await session.run(plain)).y!
      await session.close()
      const [before] = await bothResults(three, three, plain)
      return sqnr(before.y!.data as Float32Array, found.data as Float32Array)
    }
    expect(await noiseOf(['f'])).toBeGreaterThan(await noiseOf([]))
  })

  test('predicts with it', async () => {
    const file = path.join(folder, 'predicted.tflite')
    fs.writeFileSync(file, liteBytesOf(await marked(['x', 'r', 'y'])))
    const session = await litert.open(file, plainOptions)
    const found = (await session.run(plain)).y!
    await session.close()
    const [before] = await bothResults(network, network, plain)
    const noise = sqnr(before.y!.data as Float32Array, found.data as Float32Array)
    expect(noise).toBeGreaterThan(25)
    expect(noise).toBeLessThan(80)
  })
})
