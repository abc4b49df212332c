// A detector of two heads predicted with by an engine, as it is and with 8 bits at its end, and judged as `quantize` does.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { modelInMemory, writeModel } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { plainOptions } from '../../test/support/engines/example-options.ts'
import { FIRST_SCORE, TWO_HEADS_INPUT, twoHeads, twoHeadsImage } from '../../test/support/outputs/example-two-heads.ts'
import { folderOfTests } from '../../test/support/trials/example-folder.ts'
import type { Results } from '../engines/types.ts'
import { loadInputs, saveInputs } from '../samples/saved.ts'
import { modelTask } from '../trials/model-task.ts'
import { compareOutputs } from './compare.ts'
import { outputsTask } from './outputs-task.ts'
import { DEFAULT_LOSS_LIMITS, verdict } from './verdict.ts'

const folder = folderOfTests()
const graph = viewGraph(modelInMemory(twoHeads()))

async function predicted(eightBits: Parameters<typeof twoHeads>[0]): Promise<readonly Results[]> {
  const file = join(folder, `${eightBits}.onnx`)
  writeFileSync(file, writeModel(twoHeads(eightBits)))
  const samples = [1, 2, 3, 4].map((seed) => ({
    x: { dtype: 'float32', shape: TWO_HEADS_INPUT, data: twoHeadsImage(seed) } as const,
  }))
  const task = modelTask('ort-cpu', file, plainOptions, saveInputs(join(folder, `in-${eightBits}`), samples))
  const { saved } = await outputsTask.run({ ...task, outputFolder: join(folder, `out-${eightBits}`) })
  return loadInputs(saved)
}

test('one scale for boxes and scores destroys the scores, and is refused with and without the graph', async () => {
  const [original, joined] = [await predicted('none'), await predicted('joined')]
  // 640 / 255 is more than any score.
  for (const { y } of joined) expect((y!.data as Float32Array).subarray(FIRST_SCORE).every((score) => score === 0)).toBe(true)
  const known = verdict(compareOutputs(original, joined, { graph }), 'approximate', DEFAULT_LOSS_LIMITS)
  expect(known).toEqual({ ok: false, reason: "cosine of the worst output 0 ('y' where it joins 'score sums'), below 0.995" })
  const unknown = verdict(compareOutputs(original, joined), 'approximate', 0.01)
  expect(unknown).toMatchObject({ ok: false, reason: expect.stringMatching(/^cosine 0 \('y' at 4-9 of axis 1\)/) })
})

test('a scale for each keeps both', async () => {
  const [original, each] = [await predicted('none'), await predicted('each')]
  expect(verdict(compareOutputs(original, each, { graph }), 'approximate', DEFAULT_LOSS_LIMITS).ok).toBe(true)
  expect(verdict(compareOutputs(original, each), 'approximate', DEFAULT_LOSS_LIMITS).ok).toBe(true)
})
