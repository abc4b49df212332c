import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { availabilityHere, needsEngine } from '../../../test/support/engines/check-engine.ts'
import { floats } from '../../../test/support/engines/example-models.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { torchProgram } from '../../../test/support/engines/example-torch-program.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import { pythonTorch } from './python-torch.ts'
import { pythonTorchCompile } from './python-torch-compile.ts'

const availability = await availabilityHere(pythonTorchCompile)
const SLOW_MS = 300_000
const folder = folderOfTests()

test.skipIf(!availability.ok)(
  'compiled, it gives what eager mode gives',
  { timeout: SLOW_MS, ...needsEngine(availability) },
  async () => {
    const file = path.join(folder, 'model.py')
    fs.writeFileSync(file, torchProgram)
    const feeds = { x: floats([2, 8], 3) }
    const answers = []
    for (const engine of [pythonTorch, pythonTorchCompile]) {
      const session = await engine.open(file, { ...plainOptions, threads: 1 })
      answers.push([...((await session.run(feeds)).output!.data as Float32Array)])
      await session.close()
    }
    const [eager, compiled] = answers
    for (const [at, value] of eager!.entries()) expect(compiled![at]).toBeCloseTo(value, 5)
  },
)
