// A model, or a folder that `fix` wrote, under load: served by a process that this one starts, which is what `serve` runs.
import { InputError } from '@whyslow/graph/input-error.ts'
import { parseObjective } from '../../load/objective.ts'
import { knownModel } from '../serve/known-model.ts'
import { SERVE_DEFAULTS } from '../serve/serve.ts'
import { startServerProcess } from '../serve/server-process.ts'
import { openOipTarget } from './oip-target.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'

/** What each worker of a server has if nobody says; a folder may say less. */
const PLACES_FOR_EACH = 32

/** Clients that wait for their answers all have a place: refused ones would ask again at once. null: `serve`'s default. */
export function placesFor({ clients, workers }: Pick<LoadOptions, 'clients' | 'workers'>): number | null {
  return clients.length === 0 ? null : Math.max(PLACES_FOR_EACH * (workers ?? 1), ...clients)
}

/** `folder`: temporary. Throws InputError if the model is not served, or predicts with no inputs that were tried. */
export async function openModelTarget(file: string, options: LoadOptions, folder: string): Promise<OpenedTarget> {
  const { workers, threads, engine, queue, maxBatch, fewRows, batchDelayMs, deadlineSeconds, signal } = options
  const places = queue ?? placesFor(options)
  const boundMs = options.slo === null ? null : parseObjective(options.slo).boundMs
  const { log: _, ...untold } = SERVE_DEFAULTS
  const batches = { maxBatch, fewRows, batchDelayMs, batchWithinMs: options.batchWithinMs ?? boundMs }
  const server = await startServerProcess(
    { file, options: { ...untold, folder, port: 0, workers, threads, engine, queue: places, ...batches, deadlineSeconds } },
    { signal, env: options.env },
  )
  const check = () => {
    const gone = server.gone()
    if (gone !== null) throw new InputError(`${file}: the process that predicts with it ${gone}`)
  }
  try {
    const known = await knownModel(file, server.model)
    const address = `${server.address}/v2/models/${encodeURIComponent(server.model.name)}`
    const opened = await openOipTarget(address, { ...options, headers: [] }, known)
    return {
      ...opened,
      described: { ...opened.described, kind: 'model', name: file },
      setup: server.setup,
      facts: server.facts,
      check,
      close: server.end,
    }
  } catch (error) {
    server.end()
    check()
    throw error
  }
}
