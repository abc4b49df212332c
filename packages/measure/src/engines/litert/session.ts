// A session of the engine: LiteRT's model, with feeds that are checked and errors that say what the library printed.
import { checkFeeds } from '../koffi.ts'
import type { InputDeclaration, Session } from '../types.ts'
import type { LitertApi } from './c-api.ts'
import { openModel, type Port } from './model.ts'
import { withPrintedErrors } from './printed-errors.ts'

/** `cpu`: entries of LiteRT's CPU options. */
export function openSession(api: LitertApi, file: string, cpu: Readonly<Record<string, string>>): Session {
  const model = openModel(api, file, cpu, { explain: (what, work) => withPrintedErrors(api, what, work) })
  const { inputs } = model
  return {
    inputs: inputs.map(declared),
    outputs: model.outputs.map(declared),
    threads: Number(cpu.num_threads ?? 1),
    async run(feeds) {
      checkFeeds('LiteRT', inputs, feeds)
      return model.predict(feeds)
    },
    prepare(feeds) {
      checkFeeds('LiteRT', inputs, feeds)
      const predict = model.prepare(feeds)
      return async () => predict()
    },
    close: async () => model.close(),
  }
}

const declared = ({ name, isTensor, dtype, shape }: Port): InputDeclaration => ({ name, isTensor, dtype, shape })
