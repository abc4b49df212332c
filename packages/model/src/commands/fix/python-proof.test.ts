import fs from 'node:fs'
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, type Script } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import { pythonText } from '@whyslow/report/text/trials.ts'
import { expect, test } from 'vitest'
import { UNIX } from '../../../../../test/needs.ts'
import { planOf } from '../../../test/support/ship/example-plan.ts'
import { block, examplePlan, floats, predicting } from '../../../test/support/tune/local-bench/example-plan.ts'
import type { ShipPlan } from '../../ship/index.ts'
import { FIX_DEFAULTS, type FixOptions } from './options.ts'
import { proveInPython } from './python-proof.ts'

const folder = folderOfTests()

/** An interpreter that says of itself what a probe asks, and is nothing more. */
function interpreter(has: Readonly<Record<string, boolean>>): string {
  const file = path.join(fs.mkdtempSync(path.join(folder, 'python-')), 'python')
  const said = { version: '3.11.7', executable: file, implementation: 'cpython', has, versions: {} }
  fs.writeFileSync(file, `#!/bin/sh\necho '${JSON.stringify(said)}'\n`, { mode: 0o755 })
  return file
}

const isModule = ({ shipped }: ModelTask): boolean => shipped?.python !== undefined

/** The library takes 4 ms, the module 2; both double, the library with an error of `off`. */
const script = (off = 0, offInNode = 0): Script => ({
  engine: ({ engine }: { engine: string }) =>
    measured(engine === 'python-ort' ? { ok: true, version: '1.32.0', device: 'cpu' } : { ok: false, reason: 'absent', fix: '' }),
  outputs: predicting((x, task) =>
    floats(
      'y',
      x.map((one) => 2 * one + (isModule(task) ? 0 : task.shipped ? offInNode : off)),
    ),
  ),
  latency: (input: LatencyInput) => measured(block({ p50Ms: isModule(input) ? 2 : 4 })),
})

async function proof(
  given: Script,
  has: Readonly<Record<string, boolean>>,
  rest: Partial<ShipPlan> = {},
  firstMs = 4,
  own: Partial<FixOptions> = {},
) {
  const { plan, trials } = examplePlan(folder, given)
  const model = { ...plan.original, source: { ...plan.original.source, format: 'onnx' as const } }
  const run = {
    trials,
    model,
    graph: viewGraph(model),
    engineOptions: plan.originalOptions,
    limits: plan.limits,
    inputs: { saved: plan.judged.saved, threadsInUse: 1, firstLook: { predictionMs: firstMs, loadMs: 1 } },
    folder: plan.folder,
    progress: () => {},
  } as unknown as Run
  const at = fs.mkdtempSync(path.join(folder, 'shipped-'))
  const shipped = { folder: at, takesTensors: true, env: {} }
  const options = { ...FIX_DEFAULTS, python: interpreter(has), ...own }
  return { python: (await proveInPython(run, options, planOf(model, 'out', rest), shipped))?.report, trials, at }
}

const ALL = { numpy: true, onnxruntime: true }

test.skipIf(process.platform === 'win32')(
  'processes of the library that opens the file and of the module take turns, and outputs are compared with both others',
  UNIX,
  async () => {
    const { python, trials, at } = await proof(script(1e-5), ALL)
    expect(python).toMatchObject({
      version: '3.11.7',
      runs: 'onnxruntime',
      own: 'python-ort',
      beforeMs: 4,
      afterMs: 2,
      speedup: 2,
      agreement: { maxAbs: expect.closeTo(1e-5, 6) },
      sameAsNode: { maxAbs: 0 },
      reason: null,
    })
    const turns = trials.asked.filter(({ task }) => task === 'latency').map(({ input }) => isModule(input as LatencyInput))
    expect(turns.slice(0, 4)).toEqual([false, true, true, false])
    expect(fs.readFileSync(path.join(at, 'predict.py'), 'utf8')).toContain('import onnxruntime')
    expect(pythonText(python!)).toBe(
      'In Python 3.11.7 through predict.py (onnxruntime): 4.00 ms in python-ort to 2.00 ms (2.0×), outputs differ by at most 0.0000100 from those there, outputs the same as in Node',
    )
  },
)

test.skipIf(process.platform === 'win32')('what is missing is the reason', UNIX, async () => {
  const without = await proof(script(), { numpy: true, onnxruntime: false })
  expect(without.python).toMatchObject({
    version: '3.11.7',
    runs: null,
    reason: expect.stringContaining('has no onnxruntime: pip install'),
  })
  expect(without.trials.asked).toEqual([])
  expect(pythonText(without.python!)).toMatch(/^Not tried in Python: Python 3.11.7 .* has no onnxruntime/)

  const alone = await proof({ ...script(), engine: () => measured({ ok: false, reason: 'absent', fix: '' }) }, ALL)
  expect(alone.python).toMatchObject({ own: null, afterMs: null, sameAsNode: { maxAbs: 0 } })
  expect(alone.python!.reason).toBe('no library in this Python opens a model of the format onnx')

  const broken = await proof({ ...script(), outputs: () => failed('no such operator') }, ALL)
  expect(broken.python).toMatchObject({ runs: null, leftOut: 'it does not predict: no such operator' })
  expect(pythonText(broken.python!)).toBe('No Python module was shipped: in Python 3.11.7 it does not predict: no such operator')
})

test.skipIf(process.platform === 'win32')('a module whose outputs differ beyond the tolerance is left out', UNIX, async () => {
  const { python } = await proof(script(0.25), ALL)
  expect(python).toMatchObject({ runs: 'onnxruntime', afterMs: null, agreement: { maxAbs: 0.25 }, sameAsNode: { maxAbs: 0 } })
  expect(python!.leftOut).toMatch(/^its outputs are not those of python-ort: the output 'y' differs by 0.25, /)

  const inNode = await proof(script(0, 0.5), ALL)
  expect(inNode.python!.leftOut).toMatch(/^its outputs are not those of the folder in Node: the output 'y' differs by 0.5, /)
  const allowed = await proof(script(0.25), ALL, {}, 4, { maxLoss: 0.9 })
  expect(allowed.python!.leftOut).toBeUndefined()
})

test.skipIf(process.platform === 'win32')('a module that is slower says so first', UNIX, async () => {
  const slow: Script = { ...script(), latency: (input: LatencyInput) => measured(block({ p50Ms: isModule(input) ? 6 : 4 })) }
  const { python } = await proof(slow, ALL)
  expect(pythonText(python!)).toMatch(/^Slower than python-ort. In Python 3.11.7 through predict.py/)
  expect(python!.leftOut).toBeUndefined()
})

test.skipIf(process.platform === 'win32')('what cannot be compared is not measured', UNIX, async () => {
  const moved = await proof(script(), ALL, { preprocessing: { input: 'x', steps: [] } })
  expect(moved.python!.reason).toBe('it takes other inputs than were measured')
  const slow = await proof(script(), ALL, {}, 5000)
  expect(slow.python!.reason).toContain('takes longer than 2 s')
})
