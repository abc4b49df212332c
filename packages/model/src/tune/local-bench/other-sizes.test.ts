import type { OutputsInput } from '@whyslow/measure/outputs/outputs-task.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import { expect, test } from 'vitest'
import { block, examplePlan, floats, predicting } from '../../../test/support/tune/local-bench/example-plan.ts'
import { localBench } from './index.ts'

const folder = folderOfTests()
const otherSizes = [
  { text: 'x=2x2', samples: [floats('x', [1, 2, 3, 4])] },
  { text: 'x=3x2', samples: [floats('x', [1, 2, 3, 4, 5, 6])] },
]
const shapeOf = (file: string) => loadInputs(file)[0]!.x!.shape.join('x')

test('the same set-ups and folders, fed with the sizes that the original takes', async () => {
  const shipped = { folder: '/at/fast', takesTensors: true, env: {} }
  const outputs = predicting((x) =>
    floats(
      'y',
      x.map((one) => 2 * one),
    ),
  )
  const { plan, setup, trials } = examplePlan(
    folder,
    {
      outputs: (input: OutputsInput, call, limits) =>
        shapeOf(input.inputs) === '2x2' ? failed('no such shape') : outputs(input as never, call, limits),
      latency: () => measured(block()),
    },
    { otherSizes, ship: async () => shipped },
  )
  const { sizes } = localBench(plan)
  const [bench, ...none] = await sizes!()
  expect([bench!.text, none]).toEqual(['x=3x2', []])
  expect(await sizes!()).toEqual([bench])

  await bench!.measure(setup(), 'thorough')
  await bench!.measure(setup({ threads: 2 }), 'shipped')
  const tasks = trials.asked.filter(({ task }) => task === 'latency').map(({ input }) => input as LatencyInput)
  expect(tasks.map((one) => [shapeOf(one.inputs), one.shipped])).toEqual([
    ['3x2', undefined],
    ['3x2', shipped],
  ])
  expect(await bench!.compare(setup({ threads: 2 }), 'exact', 'shipped')).toMatchObject({ ok: true })
})

test('none are made where none are open', async () => {
  const { plan, trials } = examplePlan(folder, {})
  expect(await localBench(plan).sizes!()).toEqual([])
  expect(trials.asked).toEqual([])
})
