// Engines of tabular models, each against the graph that is read of the same file: the maker's library and ours give the same scores.
import fs from 'node:fs'
import path from 'node:path'
import { toBinary } from '@bufbuild/protobuf'
import { readModel } from '@whyslow/formats/index.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { ModelProtoSchema } from 'onnx-buf'
import { expect, test } from 'vitest'
import { ortCpu } from '../../../src/engines/onnxruntime/ort-cpu.ts'
import type { Availability, Engine, Feeds, Results } from '../../../src/engines/types.ts'
import { folderOfTests } from '../trials/example-folder.ts'
import { needsEngine } from './check-engine.ts'
import { floats } from './example-models.ts'
import { plainOptions } from './example-options.ts'

export interface RowsCase {
  readonly engine: Engine
  readonly availability: Availability
  /** Of fixtures/formats, or absolute. */
  readonly files: readonly string[]
  readonly output: 'prediction' | 'margin'
  /** Configurations that give the same. */
  readonly configurations: readonly Readonly<Record<string, string>>[]
}

const FORMATS = path.resolve(import.meta.dirname, '../../../../../fixtures/formats')
const SLOW_MS = 120_000

export function checkRows({ engine, availability, files, output, configurations }: RowsCase): void {
  const folder = folderOfTests()
  test.skipIf(!availability.ok).each(files)(
    `${engine.id}: %s as the graph that is read of it`,
    { timeout: SLOW_MS, ...needsEngine(availability) },
    async (name) => {
      const file = path.resolve(FORMATS, name)
      const model = await readModel(file)
      const [input] = viewGraph(model).inputs
      const features = input!.shape![1] as number
      const float = floats([5, features], 7)
      const data = input!.dtype === 'float64' ? Float64Array.from(float.data as Float32Array) : float.data
      const feeds: Feeds = { input: { dtype: input!.dtype as 'float32', shape: [5, features], data } }
      const graph = path.join(folder, `${path.basename(name).replaceAll(/\W+/g, '-')}.onnx`)
      fs.writeFileSync(graph, toBinary(ModelProtoSchema, model.proto))
      const expected = (await answered(ortCpu, graph, feeds))[output]!
      for (const configEntries of configurations) {
        const scores = (await answered(engine, file, feeds, configEntries))[output]!
        const [ours, theirs] = [expected, scores].map((one) => [...(one.data as Float64Array)])
        expect(theirs, JSON.stringify(configEntries)).toHaveLength(ours!.length)
        for (const [at, value] of ours!.entries()) expect(theirs![at]).toBeCloseTo(value, 5)
      }
    },
  )
}

async function answered(engine: Engine, file: string, feeds: Feeds, configEntries = {}): Promise<Results> {
  const session = await engine.open(file, { ...plainOptions, threads: 1, configEntries })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}
