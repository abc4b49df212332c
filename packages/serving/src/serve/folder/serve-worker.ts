// A worker of the server in a folder that `fix` wrote: predicts through predict.mjs next to it. It is bundled as serve-worker.mjs.
import { parentPort, workerData } from 'node:worker_threads'
import type { LoadPredictor, Predictor } from '@whyslow/measure/engines/shipped-folder.ts'
import type { Feeds, Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { predictLoop } from '../predict-loop.ts'

const { modelFile, options } = workerData as { modelFile: string; options: { configEntries: Readonly<Record<string, string>> } }

await predictLoop(parentPort!, async () => {
  const { load } = (await import(modelFile)) as { load: LoadPredictor }
  const spinning = options.configEntries['session.intra_op.allow_spinning'] !== '0'
  const { predict } = await load({ spinning, reuseOutputs: true })
  return {
    inputs: [],
    outputs: [],
    async run(feeds: Feeds): Promise<Results> {
      const plain = Object.entries(feeds).map(([name, { dtype, shape, data }]) => [name, { type: dtype, data, dims: shape }])
      return Object.fromEntries(
        Object.entries(await predict(Object.fromEntries(plain))).map(([name, one]) => [name, tensorOf(one)]),
      )
    },
  }
})

/** A copy: the next prediction may overwrite what this one gave. */
function tensorOf({ type, data, dims }: Awaited<ReturnType<Predictor['predict']>>[string]): TensorValue {
  return { dtype: type as TensorValue['dtype'], shape: [...dims], data: (data as Float32Array).slice() as TensorValue['data'] }
}
