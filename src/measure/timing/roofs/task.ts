// The trial that measures roofs, with the user's own engine.
import { loadOrt } from '../../../engines/onnxruntime/ort-node.ts'
import type { Roofs } from '../../../machine/types.ts'
import type { RoofsInput } from '../../tasks.ts'
import { measureRoofs } from './index.ts'

/** Throws where the engine has no kernels of its own to measure with. */
export async function roofsTask(input: RoofsInput): Promise<Roofs> {
  if (input.engine !== 'ort-cpu') throw new Error(`roofs are measured with ort-cpu, not with ${input.engine}`)
  return measureRoofs(await loadOrt(input.packageFrom), input.threads, input.caches)
}
