import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { availabilityHere, needsEngine } from '../../../test/support/engines/check-engine.ts'
import { floats } from '../../../test/support/engines/example-models.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { torchProgram } from '../../../test/support/engines/example-torch-program.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { pythonTorch } from './python-torch.ts'

const availability = await availabilityHere(pythonTorch)
const SLOW_MS = 120_000
const folder = folderOfTests()
const file = path.join(folder, 'model.py')

describe.skipIf(!availability.ok)('python-torch', { timeout: SLOW_MS, ...needsEngine(availability) }, () => {
  test('inputs are called as forward calls them; other settings give the same but for rounding', async () => {
    fs.writeFileSync(file, torchProgram)
    const feeds = { x: floats([2, 8], 3) }
    const answers = []
    for (const configEntries of [{}, { mode: 'inference' }, { dtype: 'bfloat16' }]) {
      const session = await pythonTorch.open(file, { ...plainOptions, threads: 1, configEntries })
      expect(session.inputs).toEqual([{ name: 'x', isTensor: true, dtype: 'float32', shape: [2, 8] }])
      expect(session.threads).toBe(1)
      answers.push((await session.run(feeds)).output!)
      await session.close()
    }
    const [written, inference, half] = answers
    expect(written!.shape).toEqual([2, 3])
    expect(inference).toEqual(written)
    for (const [at, value] of [...(half!.data as Float32Array)].entries())
      expect(Math.abs(value - (written!.data as Float32Array)[at]!)).toBeLessThan(0.05)
  })

  test('a file without inputs says what to add', async () => {
    const bare = path.join(folder, 'bare.py')
    fs.writeFileSync(bare, torchProgram.replace('def example_inputs', 'def others'))
    await expect(pythonTorch.open(bare, plainOptions)).rejects.toThrow(
      /bare\.py has model\(\) and no example_inputs\(\): add `def example_inputs\(\)/,
    )
  })
})
